"""American spelling as British, and British as American.

Only how words are spelt: words that differ between varieties differ in sense as well (`football`), and a dialect of
people is more than a list of its words.
"""

from random import Random

from sinan.datasets.perturbations.protected import put, words

_PAIRS = (
    "color/colour colors/colours colored/coloured favor/favour favorite/favourite flavor/flavour "
    "flavors/flavours honor/honour labor/labour neighbor/neighbour neighbors/neighbours "
    "neighborhood/neighbourhood behavior/behaviour behaviors/behaviours rumor/rumour harbor/harbour "
    "humor/humour vapor/vapour odor/odour center/centre centers/centres centered/centred meter/metre "
    "meters/metres centimeter/centimetre centimeters/centimetres kilometer/kilometre kilometers/kilometres "
    "millimeter/millimetre millimeters/millimetres liter/litre liters/litres milliliters/millilitres "
    "theater/theatre theaters/theatres fiber/fibre fibers/fibres analyze/analyse analyzed/analysed "
    "analyzing/analysing organize/organise organized/organised organizing/organising "
    "organization/organisation organizations/organisations realize/realise realized/realised "
    "recognize/recognise recognized/recognised minimize/minimise minimizes/minimises maximize/maximise "
    "maximizes/maximises optimize/optimise optimized/optimised summarize/summarise summarizes/summarises "
    "categorize/categorise emphasize/emphasise emphasizes/emphasises apologize/apologise criticize/criticise "
    "traveled/travelled traveling/travelling traveler/traveller travelers/travellers canceled/cancelled "
    "modeling/modelling modeled/modelled labeled/labelled labeling/labelling fueled/fuelled "
    "jewelry/jewellery defense/defence offense/offence pretense/pretence catalog/catalogue gray/grey "
    "plow/plough skeptical/sceptical aluminum/aluminium airplane/aeroplane airplanes/aeroplanes mold/mould "
    "maneuver/manoeuvre pediatric/paediatric anemia/anaemia leukemia/leukaemia estrogen/oestrogen "
    "esophagus/oesophagus fetus/foetus sulfur/sulphur pajamas/pyjamas aging/ageing fulfill/fulfil "
    "enrollment/enrolment skillful/skilful "
)
BRITISH = dict(pair.split("/") for pair in _PAIRS.split())
AMERICAN = {british: american for american, british in BRITISH.items()}


def respelt(text: str, chance: Random, keep: frozenset[str]) -> str:
    """The text as it is spelt on the other side. Names and words of the answer stay."""
    other = BRITISH | AMERICAN
    found = [word for word in words(text) if word[0] in other and word[0] not in keep]
    return put(text, {word.span(): other[word[0]] for word in found})
