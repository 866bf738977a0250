"""Words of the compact card: its title, its sources and their licences as published, its known limits."""

from __future__ import annotations

__all__ = ["LIMITS", "SOURCES", "TITLE", "TITLE_INT8"]

TITLE = {
    "ru": "Компактная модель чтения рентгенограмм органов грудной клетки",
    "en": "Compact reading model for chest X-rays",
}

TITLE_INT8 = {
    "ru": "Компактная модель чтения рентгенограмм органов грудной клетки, 8 бит",
    "en": "Compact reading model for chest X-rays, 8 bits",
}

SOURCES = {
    "kermany": ("Kermany 2018, paediatric pneumonia (Mendeley rscbjbr9sj)", "CC BY 4.0"),
    "lundis/covid19_radiography": ("COVID-19 Radiography Database, normals from RSNA", "mixed, non-commercial parts"),
    "lundis/mendeley_tb": ("TB chest X-ray (Mendeley 8j2g3csprk)", "CC BY 4.0 by its page, unverified"),
    "nih": ("NIH ChestX-ray14, a sample", "no restriction, attribution to NIH Clinical Center"),
    "cohen": ("COVID-19 image data collection (Cohen 2020)", "per image, some non-commercial"),
    "covid317": ("covid19-image-dataset", "CC BY-SA 4.0 as claimed by its page"),
    "jsrt": ("JSRT digital image database (Shiraishi 2000)", "free for research"),
    "wingspan": ("Wingspan cardiothoracic ratio set (Dong 2018)", "MIT as published"),
}

LIMITS = {
    "ru": [
        "Только исследования и поддержка решений; не медицинское изделие, заключение даёт врач.",
        "Только прямая проекция. Боковые снимки не читаются.",
        "Ателектаз, выпот, узел, образование, пневмоторакс, эмфизема, фиброз, утолщение плевры, отёк и грыжа выучены"
        " примерно по 1100 снимкам одного архива (NIH); метки взяты из текстов, около десятой части ошибочны.",
        "Диссеминация, полость распада, кальцинаты, расширение средостения и переломы не оцениваются.",
        "Туберкулёз выучен по одному набору снимков взрослых; неактивные посттуберкулёзные изменения не отделяются."
        " Множественные округлые тени взрослого (снимок RG1 из pydicom) названы туберкулёзом увереннее, чем"
        " образованием.",
        "Пневмония у детей 1–5 лет выучена по одному госпиталю; подростки и пожилые представлены слабо.",
        "Вероятности откалиброваны на долях патологии обучающих архивов, а не скрининга.",
        "Точность измерена на снимках 256 пикселей; мелкие узлы и узкий пневмоторакс на них могут быть не видны.",
    ],
    "en": [
        "Research and decision support only; not a medical device, the doctor concludes.",
        "Frontal view only. Side views are not read.",
        "Atelectasis, effusion, nodule, mass, pneumothorax, emphysema, fibrosis, pleural thickening, oedema and hernia"
        " were learned from about 1,100 films of one archive (NIH); labels mined from text, about one in ten wrong.",
        "Dissemination, cavity, calcification, widened mediastinum and fractures are not assessed.",
        "Tuberculosis was learned from one set of adult films; inactive sequelae are not told apart."
        " Round masses of an adult (film RG1 of pydicom) are called tuberculosis more surely than masses.",
        "Paediatric pneumonia (ages 1 to 5) was learned from one hospital; adolescents and the old are few.",
        "Probabilities are calibrated at the prevalence of the training archives, not of screening.",
        "Measured on 256-pixel films, where small nodules and a narrow pneumothorax may not show.",
    ],
}
