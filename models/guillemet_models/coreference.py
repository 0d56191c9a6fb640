"""Mentions -> the entities that speak, each with its name, kind, role and institution; and the speaker of each quotation."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from guillemet_models.attribution import Attributed, Evidence, RelationProbabilities
from guillemet_models.decoding import Tagging
from guillemet_models.document import Entity, EntityKind, Quotation, Span
from guillemet_models.pairing import Candidate, folded_name
from guillemet_models.scheme import MENTION, NAME, Relation, SpanKind
from guillemet_models.tokenization import TokenizedText

_PRONOUN = re.compile(
    r"(?:-t-)?(?:il|elle|ils|elles|on|je|j['’]|nous|vous|tu|lui|eux|leur|celui|celle|ceux|celles|qui|ce|c['’]|soi|moi|toi"
    r"|(?:celui|celle|ceux|celles)-(?:ci|là)|(?:ce|cette|ces) derni(?:er|ère|ers|ères)"
    r"|(?:le|la|les) derni(?:er|ère|ers|ères)|l['’](?:un|une|autre)|elle-même|lui-même)",
    re.IGNORECASE,
)
_DETERMINER = re.compile(
    r"(?:(?:le|la|les|un|une|des|du|ce|cet|cette|ces|son|sa|ses|leur|leurs|mon|ma|mes|notre|nos|plusieurs|certains|certaines"
    r"|de|aux?|d['’]autres)\s+|[ld]['’]\s?)+",
    re.IGNORECASE,
)
_CIVILITY = re.compile(
    r"(?:(?:MM?|Mmes?|Mlles?|Mr|Mgr|Dr|Drs|Pr|Prof|Me|Monsieur|Madame|Mademoiselle|Maître|Docteur|Professeur)\b\.?\s+)+"
)


@dataclass(slots=True)
class _Cluster:
    """The mentions of one entity, as indices into the candidates, and how sure each link was."""

    mentions: list[int]
    certainty: list[float]


def resolve(evidence: Evidence, attributed: Sequence[Attributed]) -> tuple[tuple[Quotation, ...], tuple[Entity, ...]]:
    """Return the quotations with their speakers, and the entities that speak."""
    clusters = _clusters(evidence.found, evidence.relations)
    speakers = [_speaker(quotation, clusters, evidence.relations) for quotation in attributed]
    unnumbered: dict[int, Entity] = {}
    for cluster, _ in speakers:
        if cluster is not None and id(cluster) not in unnumbered and (entity := _entity(evidence, cluster)):
            unnumbered[id(cluster)] = entity
    ordered = sorted(unnumbered.items(), key=lambda item: item[1].mentions[0])
    entities = {key: replace(entity, id=f"e{number}") for number, (key, entity) in enumerate(ordered, 1)}
    quotations = tuple(
        Quotation(
            id=f"q{number}",
            type=quotation.type,
            spans=quotation.spans,
            cue=None if quotation.cue is None else evidence.characters(quotation.cue),
            source=None if quotation.source is None else evidence.characters(quotation.source),
            speaker=entities[id(cluster)].id if id(cluster) in entities else None,
            probability=quotation.probability,
            source_probability=quotation.source_probability,
            speaker_probability=probability,
        )
        for number, (quotation, (cluster, probability)) in enumerate(zip(attributed, speakers, strict=True), 1)
    )
    return quotations, tuple(entities.values())


def _clusters(found: Sequence[Candidate], relations: RelationProbabilities) -> dict[int, _Cluster]:
    """Return the cluster of each mention: that of the earlier mentions which together are likeliest, or a new one."""
    clusters: dict[int, _Cluster] = {}
    for index, candidate in enumerate(found):
        if candidate.kind is not SpanKind.MENTION:
            continue
        total: dict[int | None, float] = {}
        owner: dict[int | None, _Cluster] = {}
        for antecedent, probability in relations.of(index, Relation.ANTECEDENT).items():
            key = None if antecedent is None else id(clusters[antecedent])
            total[key] = total.get(key, 0.0) + probability
            if antecedent is not None:
                owner[key] = clusters[antecedent]
        best = max(total, key=lambda key: total[key])
        cluster = owner.get(best) or _Cluster([], [])
        cluster.mentions.append(index)
        cluster.certainty.append(total[best])
        clusters[index] = cluster
    return clusters


def _speaker(
    quotation: Attributed, clusters: dict[int, _Cluster], relations: RelationProbabilities
) -> tuple[_Cluster | None, float]:
    """Return who speaks: whom the source stands for, or whom the context makes plain where there is no source."""
    if quotation.source is not None:
        cluster = clusters[quotation.source]
        place = cluster.mentions.index(quotation.source)
        return cluster, quotation.source_probability * cluster.certainty[place]
    total: dict[int | None, float] = {}
    owner: dict[int, _Cluster] = {}
    for mention, probability in relations.of(quotation.parts[0], Relation.SPEAKER).items():
        key = None if mention is None else id(clusters[mention])
        total[key] = total.get(key, 0.0) + probability
        if mention is not None:
            owner[id(clusters[mention])] = clusters[mention]
    best = max(total, key=lambda key: total[key])
    return (None if best is None else owner[best]), total[best]


def _entity(evidence: Evidence, cluster: _Cluster) -> Entity | None:
    """Return the entity of a cluster, or None if nothing but pronouns stands for it."""
    text, found, tagging = evidence.text, evidence.found, evidence.tagging
    mentions = [(index, evidence.characters(index)) for index in cluster.mentions]
    forms = [(index, span) for index, span in mentions if not _PRONOUN.fullmatch(span.of(text.text))]
    if not forms:
        return None
    votes = np.zeros(len(EntityKind))
    for index, _ in forms:
        tokens = tagging.inside[MENTION][found[index].first : found[index].last + 1]
        votes += tokens.mean(axis=0)
    kind = list(EntityKind)[int(votes.argmax())]
    name = _name(text, tagging, [span for _, span in forms])
    role, _ = _attribute(evidence, cluster.mentions, Relation.ROLE)
    institution, sureness = _attribute(evidence, cluster.mentions, Relation.INSTITUTION)
    if institution is None and kind is EntityKind.INSTITUTION:
        institution = name
    return Entity(
        id="",
        kind=kind,
        name=name,
        role=role,
        institution=institution,
        mentions=tuple(sorted(span for _, span in forms)),
        probability=float(np.mean(cluster.certainty)),
        institution_probability=sureness,
    )


def _name(text: TokenizedText, tagging: Tagging, forms: Sequence[Span]) -> Span:
    """Return the fullest name: the longest tagged as one inside a mention, else the longest form without determiner."""
    names = [text.characters(span.first, span.last) for span in tagging.spans[NAME]]
    inside = [name for name in names if any(form.contains(name) for form in forms)]
    best = max(inside or forms, key=lambda span: (span.end - span.begin, -span.begin))
    begin = best.begin
    for prefix in (_DETERMINER, _CIVILITY):
        if (found := prefix.match(text.text, begin, best.end)) and found.end() < best.end:
            begin = found.end()
    return Span(begin, best.end)


def _attribute(evidence: Evidence, mentions: Sequence[int], relation: Relation) -> tuple[Span | None, float]:
    """Return the role or institution that some mention is surest of, the same words counted together."""
    best: dict[str, tuple[float, Span]] = {}
    nothing = 1.0
    for mention in mentions:
        likely = evidence.relations.of(mention, relation)
        nothing = min(nothing, likely.get(None, 0.0))
        words: dict[str, tuple[float, Span]] = {}
        for index, probability in likely.items():
            if index is not None:
                span = evidence.characters(index)
                key = folded_name([span.of(evidence.text.text)])
                words[key] = (words.get(key, (0.0, span))[0] + probability, span)
        for key, (probability, span) in words.items():
            if probability > best.get(key, (0.0, span))[0]:
                best[key] = (probability, span)
    if best:
        probability, span = max(best.values(), key=lambda item: item[0])
        if probability > 0.5:
            return span, probability
    return None, nothing
