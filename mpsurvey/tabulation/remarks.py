"""What a reader must know of single figures, in the languages of the tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mpsurvey.estimation import Estimates

__all__ = ["EFFECTIVE", "NATIONAL", "NOT_BROKEN_DOWN", "effective_said", "remarks"]

Texts = Mapping[str, str]

NOBODY: Texts = {
    "en": "Nobody in the sample.",
    "fr": "Personne dans l'échantillon.",
    "es": "Nadie en la muestra.",
    "ru": "В выборке никого нет.",
    "ar": "لا أحد في العينة.",
}
NO_FIGURE: Texts = {
    "en": "Cannot be worked out: nothing to divide by, or one side is empty.",
    "fr": "Incalculable : rien à diviser, ou un côté est vide.",
    "es": "No se puede calcular: no hay por qué dividir o un lado está vacío.",
    "ru": "Нельзя рассчитать: не на что делить или одна из сторон пуста.",
    "ar": "لا يمكن حسابه: لا مقسوم عليه أو أحد الطرفين فارغ.",
}
NO_ERROR: Texts = {
    "en": "Standard error 0: all in the sample are alike here, which is not sure of the country.",
    "fr": "Erreur type nulle : tous se ressemblent ici dans l'échantillon, pas forcément ailleurs.",
    "es": "Error estándar 0: en la muestra todos son iguales aquí; en el país puede no ser así.",
    "ru": "Стандартная ошибка 0: в выборке все одинаковы, в стране может быть иначе.",
    "ar": "الخطأ المعياري صفر: الجميع متشابهون هنا في العينة، وقد لا يكون الأمر كذلك في البلد.",
}
NO_FREEDOM: Texts = {
    "en": "No degrees of freedom: no interval.",
    "fr": "Aucun degré de liberté : pas d'intervalle.",
    "es": "Sin grados de libertad: no hay intervalo.",
    "ru": "Нет степеней свободы: интервала нет.",
    "ar": "لا درجات حرية: لا مجال ثقة.",
}
NATIONAL: Texts = {
    "en": "National figure from elsewhere: {}.",
    "fr": "Chiffre national d'une autre source : {}.",
    "es": "Cifra nacional de otra fuente: {}.",
    "ru": "Национальный показатель из другого источника: {}.",
    "ar": "رقم وطني من مصدر آخر: {}.",
}
NOT_BROKEN_DOWN: Texts = {
    "en": "Not by {}, which their rows do not have: {}.",
    "fr": "Non ventilés par {}, absent de leurs lignes : {}.",
    "es": "No desglosados por {}, que sus filas no tienen: {}.",
    "ru": "Без разбивки по {}, которой нет в их строках: {}.",
    "ar": "دون تفصيل بحسب {} لغيابه عن صفوفها: {}.",
}
EFFECTIVE: Texts = {
    "en": "Intervals take t at effective degrees of freedom, which are fewer where a few sampling "
    "units carry a figure (Satterthwaite 1946; Valliant and Rust 2010).",
    "fr": "Intervalles : t aux degrés de liberté effectifs, moins nombreux là où peu d'unités "
    "d'échantillonnage portent un chiffre (Satterthwaite 1946 ; Valliant et Rust 2010).",
    "es": "Intervalos: t con grados de libertad efectivos, que son menos donde pocas unidades de "
    "muestreo sostienen una cifra (Satterthwaite 1946; Valliant y Rust 2010).",
    "ru": "Интервалы: t с эффективным числом степеней свободы; их меньше там, где показатель "
    "держится на немногих единицах отбора (Саттертуэйт 1946; Валлиант и Раст 2010).",
    "ar": "مجالات الثقة: توزيع t بدرجات حرية فعلية، وهي أقل حيث يقوم الرقم على وحدات معاينة قليلة "
    "(ساترثويت 1946؛ فاليانت وراست 2010).",
}


def effective_said(results: Iterable[Estimates], language: str) -> tuple[str, ...]:
    """Say that degrees of freedom are effective ones, if those of some result are."""
    if not any(one.freedom == "effective" for one in results):
        return ()
    return (EFFECTIVE[language if language in EFFECTIVE else "en"],)


def remarks(frame: pd.DataFrame, language: str) -> NDArray[Any]:
    """Say of each row of a result what its figure lacks; empty where there is nothing to say.

    Parameters
    ----------
    frame
        With the columns of every result.
    language
        English for one that is not known.

    Returns
    -------
    numpy.ndarray
        Texts, shape (rows,).
    """
    spoken = language if language in NOBODY else "en"
    n, df = frame["n"].to_numpy(), frame["df"].to_numpy(dtype=np.float64)
    estimate = frame["estimate"].to_numpy(dtype=np.float64)
    se = frame["se"].to_numpy(dtype=np.float64)
    some = n > 0
    unknown = some & ~np.isfinite(estimate)
    found = np.full(len(frame), "", dtype=object)
    found[~some] = NOBODY[spoken]
    found[unknown] = NO_FIGURE[spoken]
    fine = some & ~unknown
    found[fine & (df < 1)] = NO_FREEDOM[spoken]
    nothing = se <= np.maximum(1e-12 * np.abs(estimate), 1e-14)  # but for rounding
    found[fine & nothing] = NO_ERROR[spoken]
    return found
