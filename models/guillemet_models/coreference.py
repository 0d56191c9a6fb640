"""Mentions -> clusters, one for each entity; and the speaker of each quotation."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from guillemet_models.attribution import Attributed, Evidence, RelationProbabilities
from guillemet_models.document import Entity, Quotation
from guillemet_models.entities import entity_of, person_names
from guillemet_models.scheme import Relation, SpanKind


@dataclass(slots=True)
class Cluster:
    """The mentions of one entity, as indices into the candidates, and how sure each link was."""

    mentions: list[int] = field(default_factory=list)
    certainty: list[float] = field(default_factory=list)
    names: set[str] = field(default_factory=set)  # folded words of the proper names among them


def resolve(evidence: Evidence, attributed: Sequence[Attributed]) -> tuple[tuple[Quotation, ...], tuple[Entity, ...]]:
    """Return the quotations with their speakers, and the entities that speak."""
    clusters = _clusters(evidence)
    speakers = [_speaker(quotation, clusters, evidence.relations) for quotation in attributed]
    unnumbered: dict[int, Entity] = {}
    for cluster, _ in speakers:
        if (
            cluster is not None
            and id(cluster) not in unnumbered
            and (entity := entity_of(evidence, cluster.mentions, cluster.certainty))
        ):
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


def _clusters(evidence: Evidence) -> dict[int, Cluster]:
    """Return the cluster of each mention: that of the earlier mentions which together are likeliest, or a new one."""
    clusters: dict[int, Cluster] = {}
    for index, candidate in enumerate(evidence.found):
        if candidate.kind is not SpanKind.MENTION:
            continue
        names = person_names(evidence, index)
        total: dict[int | None, float] = {}
        owner: dict[int | None, Cluster] = {}
        for antecedent, probability in evidence.relations.of(index, Relation.ANTECEDENT).items():
            key = None
            if antecedent is not None:
                cluster = clusters[antecedent]
                # Two people whose names share no word are two, whatever stands between them.
                if names and cluster.names and not names & cluster.names:
                    continue
                key = id(cluster)
                owner[key] = cluster
            total[key] = total.get(key, 0.0) + probability
        best = max(total, key=lambda key: total[key])
        cluster = owner.get(best) or Cluster()
        cluster.mentions.append(index)
        cluster.certainty.append(total[best])
        cluster.names |= names
        clusters[index] = cluster
    return clusters


def _speaker(
    quotation: Attributed, clusters: dict[int, Cluster], relations: RelationProbabilities
) -> tuple[Cluster | None, float]:
    """Return who speaks: whom the source stands for, or whom the context makes plain where there is no source."""
    if quotation.source is not None:
        cluster = clusters[quotation.source]
        place = cluster.mentions.index(quotation.source)
        return cluster, quotation.source_probability * cluster.certainty[place]
    total: dict[int | None, float] = {}
    owner: dict[int, Cluster] = {}
    for mention, probability in relations.of(quotation.parts[0], Relation.SPEAKER).items():
        key = None if mention is None else id(clusters[mention])
        total[key] = total.get(key, 0.0) + probability
        if mention is not None:
            owner[id(clusters[mention])] = clusters[mention]
    best = max(total, key=lambda key: total[key])
    return (None if best is None else owner[best]), total[best]
