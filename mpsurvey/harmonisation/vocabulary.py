"""Names and words by which survey files call what the modules ask for.

They stand on top of the modules' own labels and questions. Names are compared whole; phrases by
likeness, in any language.
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["CODE_WORDS", "NAMES", "PHRASES", "STOP"]

NAMES: Mapping[str, tuple[str, ...]] = {
    "age": ("agep", "hv105", "hl6", "agea", "respage", "v012"),
    "attend": ("school", "hv121", "sch", "ed9"),
    "earn": ("wagp", "incwage", "wage", "salary"),
    "educ": ("schl", "hv106", "eisced", "hatlev1d", "hatlevel", "isced11", "respedu", "edattain"),
    "hh_id": ("hhid", "serialno", "serial", "hv001", "hh1"),
    "hh_inc": ("hincp", "hhincome", "inctot", "hinctnta"),
    "hh_size": ("hv009", "hhsize", "hhmem", "hhmmb", "np"),
    "hours": ("wkhp", "hwusual", "wkhtot", "uhrswork"),
    "icse": ("classwk", "stapro", "emplrel", "cow"),
    "int_month": ("hv006", "refmonth", "hh5m", "inwmm", "month"),
    "int_year": ("hv007", "refyear", "year", "hh5y", "inwyys", "inwyye"),
    "isco1": ("isco08", "isco1d", "isco08_1d", "isco3d", "occisco"),
    "isic1": ("indgen", "nace1d", "nace2_1d", "nacer2"),
    "lfs": ("empstat", "ilostat", "esr", "mnactic"),
    "mb_arr_year": ("yrimm", "yoep", "yearesid", "livecnta", "yrimmig"),
    "mb_cit_home": ("cit", "citizen", "ctzcntr", "citizenship"),
    "mb_cit": ("ctzshipd", "ctzshipc"),
    "mb_cob": ("bplcountry", "countryb", "cntbrthd", "cntbrthc", "pobp", "bpl", "cob"),
    "mb_cob_fa": ("fbrncntc", "cobfath", "bplpop", "fbrncnt"),
    "mb_cob_mo": ("mbrncntc", "cobmoth", "bplmom", "mbrncnt"),
    "mb_prev_cnt": ("countrpr", "migctryp"),
    "mb_reason": ("migreas",),
    "mv_res1": ("mig", "migrate1", "mig1"),
    "mv_res5": ("migrate5", "mig5"),
    "person_id": ("hvidx", "hl1", "pernum", "sporder", "ln", "hhseqnum"),
    "psu": ("hv021", "v021", "hh1", "cluster"),
    "region": ("hv024", "hh7", "geolev1", "region_2d", "regionw"),
    "rel_head": ("hv101", "hl3", "relate", "relp", "relshipp", "hhlink"),
    "sex": ("gndr", "hv104", "hl4", "respsex"),
    "stratum": ("hv022", "v022", "hv023", "substratum"),
    "urban": ("hv025", "hh6", "degurba", "domicil", "settype"),
    "weight": (
        "hv005",
        "pwgtp",
        "wgtp",
        "perwt",
        "hhwt",
        "hhweight",
        "chweight",
        "coeffy",
        "pspwght",
        "dweight",
        "anweight",
        "indwt",
        "wtind",
        "w_fstuwt",
    ),
}

PHRASES: Mapping[str, tuple[str, ...]] = {
    "ab_any": (
        "household member living abroad",
        "close relative currently living abroad",
        "member of the household emigrated",
        "membre du ménage à l'étranger",
        "miembro del hogar en el extranjero",
        "член домохозяйства за границей",
    ),
    "age": ("age of respondent", "age in years", "âge", "edad", "возраст", "العمر"),
    "attend": ("currently attending school", "school attendance", "fréquentation scolaire"),
    "ch_fa": ("where does natural father live", "father lives abroad"),
    "ch_mo": ("where does natural mother live", "mother lives abroad"),
    "earn": ("monthly wage", "wages or salary", "salaire mensuel", "salario mensual", "зарплата"),
    "educ": (
        "highest level of education achieved",
        "educational attainment",
        "education level",
        "niveau d'instruction",
        "nivel de instrucción",
        "уровень образования",
        "المستوى التعليمي",
    ),
    "hh_id": ("household number", "household identification number", "numéro du ménage"),
    "hh_inc": ("household income", "revenu du ménage", "ingreso del hogar", "доход домохозяйства"),
    "hh_size": (
        "number of household members",
        "number of all household members",
        "persons in household",
    ),
    "hours": ("usual hours worked per week", "hours usually worked", "horas semanales"),
    "int_year": ("interview year", "year of survey", "survey year"),
    "int_month": ("interview month", "month of survey"),
    "isco1": ("occupation", "isco major group", "profession", "ocupación", "занятие", "المهنة"),
    "isic1": (
        "industry",
        "economic activity",
        "branch of activity",
        "rama de actividad",
        "отрасль",
    ),
    "icse": ("status in employment", "class of worker", "employment status"),
    "lfs": (
        "labour force status",
        "employment status",
        "activity status",
        "labor force participation",
        "situation d'activité",
        "condición de actividad",
        "экономическая активность",
    ),
    "mb_arr_year": (
        "year of immigration",
        "year of arrival",
        "year came to live in country",
        "année d'arrivée",
        "año de llegada",
        "год прибытия",
        "год приезда",
        "سنة الوصول",
    ),
    "mb_cit_home": (
        "citizenship",
        "citizen of country",
        "nationality",
        "nationalité",
        "ciudadanía",
        "nacionalidad",
        "гражданство",
        "الجنسية",
    ),
    "mb_cob": (
        "country of birth",
        "birthplace",
        "place of birth",
        "born in country",
        "nativity",
        "pays de naissance",
        "lieu de naissance",
        "país de nacimiento",
        "lugar de nacimiento",
        "страна рождения",
        "место рождения",
        "بلد الميلاد",
        "مكان الولادة",
    ),
    "mb_cob_fa": ("father's country of birth", "father born in country", "father's birthplace"),
    "mb_cob_mo": ("mother's country of birth", "mother born in country", "mother's birthplace"),
    "mb_ever_abr": (
        "ever lived abroad",
        "lived in a foreign country",
        "a vécu à l'étranger",
        "ha vivido en el extranjero",
        "жил за границей",
        "عاش في الخارج",
    ),
    "mb_prev_cnt": ("country of previous residence", "previous country of residence"),
    "mb_reason": (
        "reason for migrating",
        "reason for migration",
        "motif de migration",
        "motivo de migración",
        "причина миграции",
        "سبب الهجرة",
    ),
    "mv_dur": ("years lived in current residence", "duration of residence", "durée de résidence"),
    "mv_res1": (
        "place of residence one year ago",
        "residence 1 year ago",
        "migration status 1 year",
    ),
    "mv_res5": (
        "place of residence five years ago",
        "residence 5 years ago",
        "migration status 5 years",
    ),
    "nt_wish": (
        "would you like to move to another country",
        "wish to emigrate",
        "leave the country forever",
        "leave forever to live somewhere else",
        "désir d'émigrer",
        "deseo de emigrar",
        "желание эмигрировать",
    ),
    "psu": ("cluster number", "enumeration area", "grappe", "conglomerado"),
    "region": ("region of residence", "province", "région", "región", "регион", "المنطقة"),
    "rel_head": (
        "relationship to household head",
        "relationship to reference person",
        "lien de parenté",
        "parentesco",
        "отношение к главе домохозяйства",
    ),
    "ri_any": (
        "international remittances",
        "remittances from abroad",
        "receives money from abroad",
        "transferts de fonds de l'étranger",
        "remesas del exterior",
        "денежные переводы из-за границы",
        "التحويلات من الخارج",
    ),
    "ri_dom": ("internal remittances", "domestic remittances"),
    "sex": ("gender", "gender of respondent", "sexe", "sexo", "género", "пол", "الجنس"),
    "stratum": ("strata", "sample strata", "sampling stratum", "substratum"),
    "urban": (
        "type of place of residence",
        "urban rural",
        "settlement type",
        "area",
        "milieu de résidence",
        "área urbana rural",
        "тип населённого пункта",
    ),
    "weight": (
        "person weight",
        "individual weight",
        "sample weight",
        "weight for individual level questions",
        "final weight",
        "poids",
        "pondération",
        "factor de expansión",
        "вес",
    ),
}

CODE_WORDS: Mapping[str, Mapping[int, str]] = {
    "SEX": {
        1: "male | man | men | m | boy | masculin | homme | h | masculino | hombre | varón | "
        "мужской | мужчина | муж | м | ذكر | رجل",
        2: "female | woman | women | f | girl | féminin | femme | femenino | mujer | женский | "
        "женщина | жен | ж | أنثى | امرأة",
    },
    "URBAN": {
        1: "urban | city | capital | capital city | town | large urban | small urban | big city | "
        "towns and suburbs | cities | urbain | ville | urbano | ciudad | город | городской | حضر",
        2: "rural | village | countryside | rural area | rural areas | milieu rural | pueblo | "
        "село | сельский | деревня | ريف",
    },
    "RELHEAD": {
        1: "head | household head | reference person | householder | chef de ménage | "
        "jefe de hogar",
        2: "spouse | wife | husband | partner | husband or wife | wife or husband | co-spouse | "
        "spouse/partner | conjoint | cónyuge | супруг",
        3: "son | daughter | child | son/daughter | biological child | adopted child | stepchild | "
        "adopted/foster/stepchild | enfant | hijo | hija | сын или дочь",
        4: "son in law | daughter in law | son/daughter-in-law | child in law",
        5: "grandchild | petit-enfant | nieto | внук",
        6: "parent | mother | father | parent in law | mother or father | parent-in-law | "
        "parent or parent in law",
        7: "brother | sister | sibling | brother/sister | frère ou sœur | hermano",
        8: "other relative | grandparent | grandfather or grandmother | niece/nephew | "
        "uncle/aunt | "
        "brother-in-law or sister-in-law",
        9: "not related | non relative | other non relative | unrelated | servant | lodger | "
        "domestic employee | no relation | roommate",
    },
    "ISCED": {
        0: "none | no education | no schooling | preschool | less than primary | "
        "no primary education | did not complete primary | early childhood education",
        1: "primary | primary education | primary completed | primaire | primaria | начальное",
        2: "lower secondary | middle school | incomplete secondary education | nine year diploma | "
        "basic secondary | isced 2",
        3: "upper secondary | secondary | completed secondary education | secondary completed | "
        "high school | high school diploma | secondaire | secundaria | среднее",
        4: "post-secondary | post-secondary non-tertiary | isced 4 | secondary technical education",
        5: "short-cycle tertiary | associate degree | some college completed | isced 5",
        6: "bachelor | bachelor's degree | bachelor degree | university completed | "
        "completed higher education | higher | tertiary | supérieur | superior | высшее",
        7: "master | master's degree | post-graduate degree | postgraduate",
        8: "doctorate | doctoral degree | phd",
    },
    "LFS": {
        1: "employed | working | in paid work | employee | self-employed | at work | "
        "employed at work | "
        "occupé | ocupado | занятый | занят | مشتغل",
        2: "unemployed | looking for work | seeking work | chômeur | desocupado | "
        "безработный | متعطل",
        3: "inactive | outside the labour force | not in labor force | economically inactive | "
        "student | retired | homemaker | housewife | inactif | inactivo | неактивный",
    },
    "ICSE": {
        1: "employer | self-employed with employees | employeur | empleador | работодатель",
        2: "own-account worker | self-employed | self-employed without employees | "
        "indépendant | cuenta propia | самозанятый",
        4: "employee | wage worker | wage and salary worker | salarié | asalariado | "
        "наемный работник",
        5: "contributing family worker | unpaid family worker | family worker | aide familial | "
        "trabajador familiar",
    },
    "RESPREV": {
        1: "same house | same dwelling | non-mover",
        4: "abroad | another country | outside the country | different country",
    },
}
"""Further wordings of some lists' codes, with a bar between them."""

_STOP_WORDS = """
a an the of in on at is are was were be been do does did you your yours he she his her it its this
that these those to for from with by or and any what which how when who whom s t m name respondent
respondents person persons individual please currently now ever have has had
le la les l de d du des un une est et en au aux quel quelle votre vous personne personnes
el los las del una es y su sus usted cual que persona
в на и с по ваш ваша вы какой какая какое лет ли лица человека
في من هل هو هي ما
"""

STOP = frozenset(_STOP_WORDS.split())
"""Words that say nothing of what is asked."""
