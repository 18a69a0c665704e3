"""C-Eval: Chinese examinations in 52 subjects, four options each; the validation split, whose answers are public.

    Huang et al., C-Eval: A Multi-Level Multi-Discipline Chinese Evaluation Suite, arXiv:2305.08322 (2023).

A row of law_val.csv (made up; dev rows have an explanation as well):
    id,question,A,B,C,D,answer
    0,下列属于行政处罚的是____。,罚款,拘役,管制,没收财产,A
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache

from sinan.datasets import fetch, listed, pinned
from sinan.datasets.readers import csv_rows
from sinan.prompts import LETTERED, InContext, Template
from sinan.scoring import Letter, LikelihoodChoices, MostLikely
from sinan.solving import Likelihood, OneTurn
from sinan.statistics.averages import average
from sinan.statistics.calibration import CALIBRATED
from sinan.statistics.intervals import accuracy
from sinan.statistics.over_groups import over
from sinan.types import Benchmark, Card, Dataset, Protocol, Sample, Sampling, Source

REPO, REVISION = "TsingmaoAI/MI-optimize", "b147ba570e34b6f176f4ea3bbfc93ce02d4e0a10"
FOLDER = "mi_optimize/datasets/ceval-exam"

# The subjects as C-Eval names them in its prompts.
NAMES = dict(
    re.findall(
        r"(\w+):(\S+)",
        """
accountant:注册会计师 advanced_mathematics:高等数学 art_studies:艺术学 basic_medicine:基础医学
business_administration:工商管理 chinese_language_and_literature:中国语言文学 civil_servant:公务员
clinical_medicine:临床医学 college_chemistry:大学化学 college_economics:大学经济学 college_physics:大学物理
college_programming:大学编程 computer_architecture:计算机组成 computer_network:计算机网络
discrete_mathematics:离散数学 education_science:教育学 electrical_engineer:注册电气工程师
environmental_impact_assessment_engineer:环境影响评价工程师 fire_engineer:注册消防工程师 high_school_biology:高中生物
high_school_chemistry:高中化学 high_school_chinese:高中语文 high_school_geography:高中地理
high_school_history:高中历史 high_school_mathematics:高中数学 high_school_physics:高中物理
high_school_politics:高中政治 ideological_and_moral_cultivation:思想道德修养与法律基础 law:法学
legal_professional:法律职业资格 logic:逻辑学 mao_zedong_thought:毛泽东思想和中国特色社会主义理论体系概论
marxism:马克思主义基本原理 metrology_engineer:注册计量师 middle_school_biology:初中生物
middle_school_chemistry:初中化学 middle_school_geography:初中地理 middle_school_history:初中历史
middle_school_mathematics:初中数学 middle_school_physics:初中物理 middle_school_politics:初中政治
modern_chinese_history:近代史纲要 operating_system:操作系统 physician:医师资格 plant_protection:植物保护
probability_and_statistics:概率统计 professional_tour_guide:导游资格 sports_science:体育学 tax_accountant:税务师
teacher_qualification:教师资格 urban_and_rural_planner:注册城乡规划师 veterinary_medicine:兽医学
""",
    )
)


def _source(subject: str, split: str) -> Source:
    return pinned(REPO, REVISION, f"{FOLDER}/{split}/{subject}_{split}.csv")


def _rows(subject: str, split: str) -> Iterator[Sample]:
    for row in csv_rows(fetch(_source(subject, split))):
        fields = row.fields
        yield Sample(
            id=f"{subject}/{fields['id']}" if split == "val" else f"{split}/{subject}/{fields['id']}",
            question=fields["question"].strip(),
            target=fields["answer"],
            choices=tuple(fields[letter] for letter in "ABCD"),
            group=subject,
            metadata={"subject": NAMES[subject]} | ({"worked": fields["explanation"]} if split == "dev" else {}),
        )


@cache
def _dev(subject: str) -> Sequence[Sample]:
    return tuple(_rows(subject, "dev"))


def benchmark() -> Benchmark:
    """Five examples of the subject and the likelihood of the letters; `generate` asks for the letter, `cot` for
    thoughts before it (its examples show the published ones)."""
    header = "以下是中国关于{subject}考试的单项选择题，请选出其中的正确答案。\n\n"
    published = Template(header=header, base=LETTERED + "答案：", answer="{target}", continuations="{letter}")
    in_context = InContext(
        "choices",
        Template(base=LETTERED + "答案：", answer="{target}", continuations="{letter}"),
        "以下是中国关于{subject}的单项选择题，请选出其中的正确答案。\n\n",
    )
    asked = Template(
        base="问题：" + LETTERED + "答案：",
        answer="{target}",
        chat="以下是中国关于{subject}考试的单项选择题。\n\n"
        + LETTERED
        + "\n请选出正确答案，最后一行写“答案：X”，X 为选项字母。",
    )
    thought = replace(
        asked,
        base="问题：" + LETTERED + "答案：让我们一步一步思考。",
        answer="{worked}\n所以答案是：{target}",
        chat=asked.chat.replace("请选出", "请一步一步思考，选出"),
    )
    return Benchmark(
        id="ceval",
        card=Card(
            title="C-Eval",
            measures="Knowledge and reasoning in Chinese examinations, from middle school to professions.",
            dimension="exam",
            languages=("zh",),
            licence="CC-BY-NC-SA-4.0",
            source=f"https://github.com/{REPO}",
            paper="2305.08322",
            chance=0.25,
            note="The validation split (the test split has no public answers); the mean over all questions.",
        ),
        dataset=Dataset(
            read=lambda subject, seed: _rows(subject, "val"),
            subsets=listed(REPO, REVISION, f"{FOLDER}/val/", "_val.csv"),
            size=1346,
            sources=lambda subject: (_source(subject, "val"), _source(subject, "dev")),
            pool=lambda subject, seed: _dev(subject),
        ),
        metric=accuracy,
        protocols={
            "default": Protocol(published, Likelihood(), MostLikely(), shots=5, metrics=CALIBRATED),
            "lm-eval": Protocol(
                in_context,
                Likelihood(),
                LikelihoodChoices(letters=True),
                shots=5,
                metrics=tuple(over(average.named(name, name), "by_size") for name in ("acc", "acc_norm")),
            ),
            "generate": Protocol(asked, OneTurn(), Letter(), Sampling(max_tokens=1024, stop=("\n问题：",))),
            "cot": Protocol(thought, OneTurn(), Letter(), Sampling(max_tokens=1024, stop=("\n问题：",))),
        },
    )
