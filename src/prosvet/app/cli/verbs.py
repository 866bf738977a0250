"""The verbs, as a literal table: name (``group.verb`` or ``verb``) to function, in the order of the help page."""

from __future__ import annotations

from collections.abc import Callable

from prosvet.app.cli import (
    accounts,
    clean,
    cohort,
    double_reading,
    export,
    export_messages,
    federate,
    jobs,
    marks,
    models,
    monitor,
    operations,
    outbox,
    peers,
    protocol,
    reader_study,
    retrain,
    retrospective,
    screen,
    screen_confidence,
    site,
    studies,
    synthesize,
    train,
    train_chain,
    train_generator,
    train_sdxl,
    train_vlm,
)
from prosvet.app.cli.agent import agent
from prosvet.app.cli.ask import ask
from prosvet.app.cli.backup import backup, restore
from prosvet.app.cli.check import check
from prosvet.app.cli.compare import compare
from prosvet.app.cli.compare_readings import compare_readings
from prosvet.app.cli.deidentify import deidentify
from prosvet.app.cli.doctor import doctor
from prosvet.app.cli.encode import encode
from prosvet.app.cli.evaluate_findings import findings
from prosvet.app.cli.evaluate_reports import reports
from prosvet.app.cli.evaluate_retrieval import retrieval
from prosvet.app.cli.evaluate_robustness import robustness
from prosvet.app.cli.evaluate_synthesis import synthesis
from prosvet.app.cli.evaluate_vqa import vqa
from prosvet.app.cli.ingest import ingest
from prosvet.app.cli.label import label
from prosvet.app.cli.node import node
from prosvet.app.cli.ohif import ohif
from prosvet.app.cli.read import read
from prosvet.app.cli.search import search
from prosvet.app.cli.serve import serve
from prosvet.app.cli.session import Answer
from prosvet.app.cli.worklist import worklist

__all__ = ["DEFAULT_VERBS", "VERBS"]

VERBS: dict[str, Callable[..., Answer]] = {
    "ingest": ingest,
    "clean.indiana": clean.indiana,
    "read": read,
    "ask": ask,
    "agent": agent,
    "compare-readings": compare_readings,
    "search": search,
    "cohort.save": cohort.save,
    "cohort.list": cohort.list_,
    "cohort.show": cohort.show,
    "cohort.export": cohort.export,
    "cohort.delete": cohort.delete,
    "deidentify": deidentify,
    "serve": serve,
    "worklist": worklist,
    "accounts.add": accounts.add,
    "accounts.list": accounts.list_,
    "accounts.change": accounts.change,
    "accounts.remove": accounts.remove,
    "accounts.token": accounts.token,
    "label": label,
    "check": check,
    "jobs.list": jobs.list_,
    "jobs.show": jobs.show,
    "jobs.cancel": jobs.cancel,
    "studies.list": studies.list_,
    "studies.show": studies.show,
    "studies.erase": studies.erase,
    "protocol.show": protocol.show,
    "protocol.draft": protocol.draft,
    "protocol.sign": protocol.sign,
    "protocol.history": protocol.history,
    "export.sr": export.sr,
    "export.text_sr": export.text_sr,
    "export.seg": export.seg,
    "export.sc": export.sc,
    "export.pdf": export.pdf,
    "export.fhir": export_messages.fhir,
    "export.hl7": export_messages.hl7,
    "peers.list": peers.list_,
    "peers.echo": peers.echo,
    "peers.find": peers.find,
    "peers.fetch": peers.fetch,
    "peers.worklist": peers.worklist,
    "evaluate.reports": reports,
    "evaluate.findings": findings,
    "evaluate.retrieval": retrieval,
    "evaluate.robustness": robustness,
    "evaluate.vqa": vqa,
    "evaluate.synthesis": synthesis,
    "evaluate.reader-study.create": reader_study.create,
    "evaluate.reader-study.assign": reader_study.assign,
    "evaluate.reader-study.next": reader_study.next_,
    "evaluate.reader-study.record": reader_study.record,
    "evaluate.reader-study.agreement": reader_study.agreement,
    "evaluate.reader-study.export": reader_study.export,
    "double-reading.list": double_reading.list_,
    "double-reading.record": double_reading.record,
    "double-reading.resolve": double_reading.resolve,
    "double-reading.agreement": double_reading.agreement,
    "retrospective.run": retrospective.run_,
    "retrospective.list": retrospective.list_,
    "retrospective.judge": retrospective.judge,
    "retrospective.export": retrospective.export,
    "retrospective.tally": retrospective.tally,
    "screen.calibrate": screen.calibrate,
    "screen.confidence": screen_confidence.confidence,
    "screen.run": screen.run_,
    "screen.audit": screen.audit,
    "screen.line": screen.line,
    "marks.queue": marks.queue,
    "marks.list": marks.list_,
    "marks.export": marks.export,
    "marks.import": marks.import_,
    "site.list": site.list_,
    "site.show": site.show,
    "site.fit": site.fit,
    "site.compare": site.compare,
    "site.use": site.use,
    "site.back": site.back,
    "site.rescore": site.rescore,
    "monitor.reference": monitor.reference,
    "monitor.check": monitor.check,
    "monitor.report": monitor.report,
    "monitor.stop": monitor.stop,
    "monitor.open": monitor.open_,
    "compare": compare,
    "models.list": models.list_,
    "models.show": models.show,
    "models.verify": models.verify,
    "models.add": models.add,
    "encode": encode,
    "train.encoder": train.encoder,
    "train.anatomy": train.anatomy,
    "train.gates": train.gates,
    "train.pack": train.pack,
    "train.vlm": train_vlm.vlm,
    "train.generator": train_generator.generator,
    "train.sdxl-lora": train_sdxl.sdxl_lora,
    "train.projector": train_chain.projector,
    "train.text": train_chain.text,
    "synthesize.make": synthesize.make,
    "synthesize.inspect": synthesize.inspect,
    "synthesize.pair": synthesize.pair,
    "synthesize.set": synthesize.set_,
    "synthesize.list": synthesize.list_,
    "retrain.run": retrain.run_,
    "retrain.freeze": retrain.freeze,
    "retrain.train": retrain.train,
    "retrain.evaluate": retrain.evaluate,
    "retrain.card": retrain.card,
    "retrain.promote": retrain.promote,
    "retrain.back": retrain.back,
    "retrain.list": retrain.list_,
    "retrain.show": retrain.show,
    "federate.create": federate.create,
    "federate.prepare": federate.prepare,
    "federate.answer": federate.answer,
    "federate.merge": federate.merge,
    "federate.serve": federate.serve,
    "federate.join": federate.join,
    "federate.adopt": federate.adopt,
    "federate.weights": federate.weights,
    "federate.show": federate.show,
    "node": node,
    "outbox.list": outbox.list_,
    "outbox.resend": outbox.resend,
    "outbox.drop": outbox.drop,
    "backup": backup,
    "restore": restore,
    "retention.run": operations.retention,
    "erase.patient": operations.erase_patient,
    "audit.verify": operations.verify,
    "health": operations.health,
    "ohif": ohif,
    "doctor": doctor,
}

DEFAULT_VERBS = {"synthesize": "make"}
"""The verb of a group that is meant where none is named: ``prosvet synthesize "words"``."""
