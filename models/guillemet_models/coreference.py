"""Mentions -> clusters, one for each entity; and the speaker of each quotation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from guillemet_models.agreement import Agreement, agreements, determined_noun, is_of_title
from guillemet_models.attribution import Attributed, Evidence, RelationProbabilities
from guillemet_models.document import Entity, EntityKind, Quotation
from guillemet_models.entities import entity_of
from guillemet_models.institutions import Institutions
from guillemet_models.mentions import is_pronoun, name_of_another, person_names, sure_kind_of
from guillemet_models.pairing import name_words, written_words
from guillemet_models.scheme import Relation, SpanKind

# Chosen on the development set: how much the second opinion of `_antecedents` weighs, and the least that it may say.
SPEAKER_WEIGHT = 0.5
SPEAKER_FLOOR = 0.02
# And how probable whom a pronoun stands for has to be at least, however much likelier nobody is.
PRONOUN_FLOOR = 0.05

# Whoever is named somewhere is unnamed elsewhere.
_ALIKE = {EntityKind.UNNAMED: EntityKind.PERSON}
_OPPOSITE = {Agreement.MASCULINE: Agreement.FEMININE, Agreement.FEMININE: Agreement.MASCULINE}

Distribution: TypeAlias = dict[int | None, float]


@dataclass(slots=True)
class Cluster:
    """The mentions of one entity, as indices into the candidates, and how sure the link of each was."""

    mentions: list[int]
    certainty: dict[int, float] = field(default_factory=dict)
    names: set[frozenset[str]] = field(default_factory=set)  # folded words of each proper name of a person among them
    strangers: set[frozenset[str]] = field(default_factory=set)  # and of each name by which they are described
    genders: set[Agreement] = field(default_factory=set)  # that these names, and pronouns, show
    nouns: set[tuple[str, Agreement]] = field(default_factory=set)  # of people of no name, with the gender that they are given
    kinds: set[EntityKind] = field(default_factory=set)  # that mentions are surely of, documents aside

    def admits(self, other: "Cluster") -> bool:
        """Tell whether the two may be one."""
        if len(self.genders | other.genders) > 1 or len(self.kinds | other.kinds) > 1:
            return False
        if any((noun, _OPPOSITE[gender]) in other.nouns for noun, gender in self.nouns):  # « le ministre », « la ministre »
            return False
        pairs = (self, other), (other, self)
        if any(name <= stranger for one, two in pairs for name in one.names for stranger in two.strangers):
            return False
        return all(name <= its_name or its_name <= name for name in self.names for its_name in other.names)


def resolve(evidence: Evidence, attributed: Sequence[Attributed]) -> tuple[tuple[Quotation, ...], tuple[Entity, ...]]:
    """Return the quotations with their speakers, and the entities that speak."""
    clusters = _clusters(evidence)
    speakers = [_speaker(quotation, clusters, evidence.relations) for quotation in attributed]
    unnumbered = _entities(evidence, clusters, {id(cluster): cluster for cluster, _ in speakers if cluster is not None})
    ordered = sorted({id(entity): entity for entity in unnumbered.values()}.values(), key=lambda entity: entity.mentions[0])
    ids = {id(entity): f"e{number}" for number, entity in enumerate(ordered, 1)}
    id_of = {key: ids[id(entity)] for key, entity in unnumbered.items()}
    quotations = tuple(
        Quotation(
            id=f"q{number}",
            type=quotation.type,
            spans=quotation.spans,
            cue=None if quotation.cue is None else evidence.spans[quotation.cue],
            source=None if quotation.source is None else evidence.spans[quotation.source],
            speaker=id_of.get(id(cluster)),
            probability=quotation.probability,
            source_probability=quotation.source_probability,
            speaker_probability=probability,
        )
        for number, (quotation, (cluster, probability)) in enumerate(zip(attributed, speakers, strict=True), 1)
    )
    return quotations, tuple(replace(entity, id=ids[id(entity)]) for entity in ordered)


def _entities(evidence: Evidence, clusters: Mapping[int, Cluster], speaking: Mapping[int, Cluster]) -> dict[int, Entity]:
    """Return the entity of each cluster that speaks, by its `id`: one for all of one full name, wherever they stand."""
    institutions = Institutions(evidence)
    roles = _roles(clusters, evidence.relations)
    entities: dict[int, Entity] = {}
    namesakes: dict[tuple[EntityKind, frozenset[str]], list[int]] = {}

    def made_of(keys: Sequence[int]) -> Entity | None:
        certainty = dict(sorted(link for key in keys for link in speaking[key].certainty.items()))
        return entity_of(evidence, certainty, institutions, [role for key in keys for role in roles.get(key, ())])

    for key in speaking:
        if entity := made_of([key]):
            entities[key] = entity
            words = frozenset(name_words(entity.name.of(evidence.text.text)))
            if entity.kind is EntityKind.INSTITUTION or (entity.kind is EntityKind.PERSON and len(words) > 1):
                namesakes.setdefault((entity.kind, words), []).append(key)
    for keys in namesakes.values():
        if len(keys) > 1 and (entity := made_of(keys)):
            entities |= dict.fromkeys(keys, entity)
    return entities


def _clusters(evidence: Evidence) -> dict[int, Cluster]:
    """Return the cluster of each mention.

    The surest links are made first (Stoyanov and Eisner 2012, ACL C12-1154), so that « l'adjoint, Bastien Roumégoux » is one
    before it is asked who « l'adjoint » is: two people of whose names neither is a part of the other never become one, whatever
    stands between, nor « elle » and a man, nor somebody and an institution.
    """
    likely = _antecedents(evidence)
    words = {index: written_words(evidence.text, evidence.found[index]) for index in likely}
    shown = dict(zip(words, agreements(list(words.values())), strict=True))
    clusters = {index: _alone(evidence, index, words[index], shown[index]) for index in likely}
    certainty: dict[int, float] = {}
    for index in sorted(likely, key=lambda index: -max(likely[index].values())):
        own = clusters[index]
        total: dict[int | None, float] = {}
        for antecedent, probability in likely[index].items():
            if antecedent is None:
                total[None] = total.get(None, 0.0) + probability
            elif own.admits(other := clusters[antecedent]):
                total[other.mentions[0]] = total.get(other.mentions[0], 0.0) + probability
        best = max(total, key=lambda key: total[key])
        certainty[index] = total[best]
        if best is not None:
            _merge(clusters, clusters[best], own)
    _place_pronouns(evidence, clusters, likely, certainty)
    for cluster in _distinct(clusters):
        cluster.mentions.sort()
        cluster.certainty = {index: certainty[index] for index in cluster.mentions}
    return clusters


def _alone(evidence: Evidence, index: int, words: Sequence[str], gender: Agreement) -> Cluster:
    """Return a cluster of one mention."""
    names, is_nameless = person_names(evidence, index), is_pronoun(evidence, index)
    another = set() if names else name_of_another(evidence, index)
    kind = None if is_nameless else sure_kind_of(evidence, index)
    noun = None if names or is_nameless else determined_noun(words)
    if gender is Agreement.MASCULINE and names and is_of_title(words):
        gender = Agreement.UNKNOWN
    return Cluster(
        [index],
        names={frozenset(names)} if names else set(),
        strangers={frozenset(another)} if another else set(),
        # Of a noun the gender is grammar's: « la victime » may be a man.
        genders={gender} if gender in _OPPOSITE and (names or is_nameless) else set(),
        nouns={(noun, gender)} if noun and gender in _OPPOSITE else set(),
        # Who speaks through a document may stand for it.
        kinds={_ALIKE.get(kind, kind)} if kind and kind is not EntityKind.DOCUMENT else set(),
    )


def _place_pronouns(
    evidence: Evidence, clusters: dict[int, Cluster], likely: Mapping[int, Distribution], certainty: dict[int, float]
) -> None:
    """Give each cluster of pronouns alone to the one that they are likeliest to stand for, of those that name somebody."""
    pronouns = {index for index in likely if is_pronoun(evidence, index)}
    nameless = {id(cluster): cluster for cluster in _distinct(clusters) if pronouns.issuperset(cluster.mentions)}
    for cluster in list(nameless.values()):  # in the order of the text: whom one was given to, the next may refer to by it
        total: dict[int, float] = {}
        for index in cluster.mentions:
            for antecedent, probability in likely[index].items():
                if antecedent is not None and id(other := clusters[antecedent]) not in nameless and cluster.admits(other):
                    total[other.mentions[0]] = total.get(other.mentions[0], 0.0) + probability / len(cluster.mentions)
        best = max(total, key=lambda key: total[key], default=None)
        if best is not None and total[best] > PRONOUN_FLOOR:
            certainty.update(dict.fromkeys(cluster.mentions, total[best]))
            _merge(clusters, clusters[best], cluster)
            del nameless[id(cluster)]


def _roles(clusters: Mapping[int, Cluster], relations: RelationProbabilities) -> dict[int, list[int]]:
    """Return the roles of each cluster (by its `id`): those that none of another cluster's mentions is surer of."""
    owners: dict[int, tuple[float, int]] = {}
    for index in sorted(clusters):
        for role, probability in relations.of(index, Relation.ROLE).items():
            if role is not None and probability > owners.get(role, (0.0, 0))[0]:
                owners[role] = probability, id(clusters[index])
    roles: dict[int, list[int]] = {}
    for role, (_, owner) in owners.items():
        roles.setdefault(owner, []).append(role)
    return roles


def _antecedents(evidence: Evidence) -> dict[int, Distribution]:
    """Return, for each mention, how probable each earlier one is as its antecedent; None stands for "none of them".

    Of a source two relations have an opinion: what the mention refers back to, and who speaks the words that it is the source
    of. Their product is surer than either.
    """
    relations = evidence.relations
    spoken: dict[int, list[Distribution]] = {}
    for index, candidate in enumerate(evidence.found):
        if candidate.kind is SpanKind.CONTENT:
            source = relations.likeliest(index, Relation.SOURCE)
            if source is not None:
                spoken.setdefault(source, []).append(relations.of(index, Relation.SPEAKER))
    likely: dict[int, Distribution] = {}
    for index, candidate in enumerate(evidence.found):
        if candidate.kind is not SpanKind.MENTION:
            continue
        product = dict(relations.of(index, Relation.ANTECEDENT))
        if opinions := spoken.get(index):
            for antecedent in product:
                speaker = index if antecedent is None else antecedent
                mean = sum(opinion.get(speaker, 0.0) for opinion in opinions) / len(opinions)
                product[antecedent] *= (mean + SPEAKER_FLOOR) ** SPEAKER_WEIGHT
        whole = sum(product.values())
        likely[index] = {antecedent: probability / whole for antecedent, probability in product.items()}
    return likely


def _merge(clusters: dict[int, Cluster], cluster: Cluster, other: Cluster) -> None:
    if cluster is not other:
        # The smaller into the larger: whatever the order, no mention moves often.
        cluster, other = sorted((cluster, other), key=lambda each: -len(each.mentions))
        cluster.mentions += other.mentions
        cluster.names |= other.names
        cluster.strangers |= other.strangers
        cluster.genders |= other.genders
        cluster.nouns |= other.nouns
        cluster.kinds |= other.kinds
        clusters |= dict.fromkeys(other.mentions, cluster)


def _distinct(clusters: dict[int, Cluster]) -> list[Cluster]:
    return list({id(cluster): cluster for cluster in clusters.values()}.values())


def _speaker(
    quotation: Attributed, clusters: dict[int, Cluster], relations: RelationProbabilities
) -> tuple[Cluster | None, float]:
    """Return who speaks: whom the source stands for, or whom the context makes plain where there is no source."""
    if quotation.source is not None:
        cluster = clusters[quotation.source]
        return cluster, quotation.source_probability * cluster.certainty[quotation.source]
    total: dict[int | None, float] = {}
    owner: dict[int, Cluster] = {}
    for mention, probability in relations.of(quotation.parts[0], Relation.SPEAKER).items():
        key = None if mention is None else id(clusters[mention])
        total[key] = total.get(key, 0.0) + probability
        if mention is not None:
            owner[id(clusters[mention])] = clusters[mention]
    best = max(total, key=lambda key: total[key])
    return (None if best is None else owner[best]), total[best]
