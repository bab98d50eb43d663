"""National figures from elsewhere that indicators may need beside the survey's own."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["AUXILIARIES"]

AUXILIARIES: Mapping[str, Mapping[str, str]] = {
    "gdp": {
        "en": "gross domestic product, national currency, same year",
        "fr": "produit intérieur brut, monnaie nationale, même année",
        "es": "producto interno bruto, moneda nacional, mismo año",
        "ru": "валовой внутренний продукт, национальная валюта, тот же год",
        "ar": "الناتج المحلي الإجمالي، بالعملة الوطنية، للسنة نفسها",
    },
    "pop": {
        "en": "mid-year population",
        "fr": "population en milieu d'année",
        "es": "población a mitad de año",
        "ru": "население на середину года",
        "ar": "عدد السكان في منتصف السنة",
    },
    "exports": {
        "en": "exports of goods and services, national currency",
        "fr": "exportations de biens et services, monnaie nationale",
        "es": "exportaciones de bienes y servicios, moneda nacional",
        "ru": "экспорт товаров и услуг, национальная валюта",
        "ar": "صادرات السلع والخدمات، بالعملة الوطنية",
    },
    "oda": {
        "en": "official development assistance received, national currency",
        "fr": "aide publique au développement reçue, monnaie nationale",
        "es": "asistencia oficial para el desarrollo recibida, moneda nacional",
        "ru": "полученная официальная помощь развитию, национальная валюта",
        "ar": "المساعدة الإنمائية الرسمية المتلقاة، بالعملة الوطنية",
    },
    "bop_rem": {
        "en": "personal remittances received, balance of payments, national currency",
        "fr": "envois de fonds personnels reçus, balance des paiements, monnaie nationale",
        "es": "remesas personales recibidas, balanza de pagos, moneda nacional",
        "ru": "полученные личные переводы, платёжный баланс, национальная валюта",
        "ar": "التحويلات الشخصية المتلقاة، ميزان المدفوعات، بالعملة الوطنية",
    },
    "fx_mid": {
        "en": "mid-market rate, currency received per unit sent, by country of receipt (ro_cnt)",
        "fr": "taux moyen du marché, monnaie reçue par unité envoyée, par pays (ro_cnt)",
        "es": "tipo medio de mercado, moneda recibida por unidad enviada, por país (ro_cnt)",
        "ru": "средний рыночный курс, валюта получения за единицу, по странам (ro_cnt)",
        "ar": "سعر الصرف الوسطي، عملة الاستلام لكل وحدة مرسلة، بحسب البلد (ro_cnt)",
    },
    "births": {
        "en": "births in the last twelve months",
        "fr": "naissances des douze derniers mois",
        "es": "nacimientos de los últimos doce meses",
        "ru": "рождения за последние двенадцать месяцев",
        "ar": "الولادات خلال آخر اثني عشر شهراً",
    },
    "deaths": {
        "en": "deaths in the last twelve months",
        "fr": "décès des douze derniers mois",
        "es": "defunciones de los últimos doce meses",
        "ru": "смерти за последние двенадцать месяцев",
        "ar": "الوفيات خلال آخر اثني عشر شهراً",
    },
    "hw_stock": {
        "en": "active health workers",
        "fr": "professionnels de santé en activité",
        "es": "personal de salud en activo",
        "ru": "работающий медицинский персонал",
        "ar": "العاملون الصحيون الممارسون",
    },
    "teach_stock": {
        "en": "active teachers",
        "fr": "enseignants en activité",
        "es": "docentes en activo",
        "ru": "работающие учителя",
        "ar": "المعلمون الممارسون",
    },
    "emig_dest": {
        "en": "emigrant stock counted by countries of destination",
        "fr": "effectif d'émigrés compté par les pays de destination",
        "es": "emigrantes contados por los países de destino",
        "ru": "число эмигрантов по учёту стран назначения",
        "ar": "عدد المهاجرين إلى الخارج بحسب بلدان المقصد",
    },
}
"""What each is, in five languages. Offices may name others of their own."""
