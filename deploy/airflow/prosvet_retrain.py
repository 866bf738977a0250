"""Retraining by Apache Airflow: the steps of `prosvet retrain`, one task each. All that decides is in the program.

Airflow gives the order, the schedule, retries and the log. Each task is one verb; a verb that finds its step done from
the same inputs does nothing, so that a task may be repeated at will. `card` and `promote` end with status 1 when the
challenger may not pass, and the run then fails there. Parameters: the name of the run; options of `freeze` and `train`
as they are typed; who promotes and why. See docs/guide/retrain.md.
"""

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG, Param

with DAG(
    dag_id="prosvet_retrain",
    schedule=None,
    max_active_runs=1,
    tags=["prosvet"],
    params={
        "name": Param("monthly", type="string", pattern="^[a-z0-9][a-z0-9_-]{0,39}$"),
        "freeze": Param("", type="string", pattern="^[^;&|`$<>\\n]*$"),
        "train": Param("", type="string", pattern="^[^;&|`$<>\\n]*$"),
        "by": Param("", type="string", maxLength=80),
        "why": Param("", type="string", maxLength=2000),
    },
    doc_md=__doc__,
) as dag:
    freeze = BashOperator(
        task_id="freeze", bash_command="prosvet retrain freeze {{ params.name }} {{ params.freeze }}", append_env=True
    )
    train = BashOperator(
        task_id="train", bash_command="prosvet retrain train {{ params.name }} {{ params.train }}", append_env=True
    )
    evaluate = BashOperator(
        task_id="evaluate", bash_command="prosvet retrain evaluate {{ params.name }}", append_env=True
    )
    card = BashOperator(task_id="card", bash_command="prosvet retrain card {{ params.name }}", append_env=True)
    promote = BashOperator(
        task_id="promote",
        bash_command='prosvet retrain promote {{ params.name }} --by "$PROMOTED_BY" --why "$PROMOTED_WHY"',
        env={"PROMOTED_BY": "{{ params.by }}", "PROMOTED_WHY": "{{ params.why }}"},
        append_env=True,
    )
    freeze >> train >> evaluate >> card >> promote
