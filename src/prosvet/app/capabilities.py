"""The table of contents: what the program can do, and where each part of it stands.

A capability is one request, one result and one function, and has thin faces that all use the two. Here they are
named by strings, so that the table costs nothing to import; tests follow every string to its end.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["CAPABILITIES", "Capability"]


@dataclass(frozen=True)
class Capability:
    """One thing the program can do.

    Attributes
    ----------
    module : str
        Has the function ``run(request, context)``.
    request, result : str
        Names of its two models in `module`.
    verbs : tuple of str
        Its verbs on the command line, ``group.verb`` for a group.
    tests : str
        Folder or file of its tests, under ``tests/``. Its page is ``docs/guide/NAME.md``, NAME up to the first dot.
    routes : tuple of str
        Its routes, ``POST /v1/read``.
    pages : tuple of str
        Addresses of pages and of parts of pages that call it, ``GET /worklist``.
    """

    module: str
    request: str
    result: str
    verbs: tuple[str, ...]
    tests: str
    routes: tuple[str, ...] = ()
    pages: tuple[str, ...] = ()


CAPABILITIES: dict[str, Capability] = {
    "read": Capability(
        "prosvet.reading.api", "ReadRequest", "ReadResult", ("read",), "reading", routes=("POST /v1/read",)
    ),
    "viewer": Capability(
        "prosvet.reading.evidence_api", "EvidenceRequest", "EvidenceResult", (), "reading/test_evidence_api.py",
        routes=(
            "GET /v1/studies/{study}/images", "GET /v1/images/{image}/thumbnail", "GET /v1/images/{image}/pixels",
            "GET /v1/images/{image}/evidence",
        ),
        pages=("GET /viewer/{study}",),
    ),
    "ask": Capability("prosvet.reading.ask.api", "AskRequest", "AskResult", (), "reading/ask"),
    "ask.similar": Capability(
        "prosvet.app.asking", "AskRequest", "AskResult", ("ask",), "app/test_asking.py",
        routes=("POST /v1/ask",), pages=("GET /ask", "POST /ask", "POST /ask/film"),
    ),
    "agent": Capability(
        "prosvet.agent.api", "AgentRequest", "AgentResult", ("agent",), "agent",
        routes=("POST /v1/agent",), pages=("GET /agent", "POST /agent"),
    ),
    "compare-readings.prior": Capability(
        "prosvet.reading.prior_api", "PriorRequest", "PriorResult", (), "reading/test_prior.py",
        routes=("POST /v1/compare-prior",),
    ),
    "compare-readings": Capability(
        "prosvet.reading.compare_api", "CompareReadingsRequest", "CompareReadingsResult", ("compare-readings",),
        "reading/test_compare_readings.py",
        routes=("POST /v1/compare-readings", "GET /v1/readings/{study}/picture"), pages=("GET /compare",),
    ),
    "search": Capability(
        "prosvet.search.api", "SearchRequest", "SearchResult", ("search",), "search",
        routes=("POST /v1/search",),
        pages=(
            "GET /search", "GET /search/concepts", "GET /search/more", "POST /search/ask", "GET /study/{study}/similar",
        ),
    ),
    "cohort": Capability(
        "prosvet.search.cohorts.api", "CohortRequest", "CohortResult",
        ("cohort.save", "cohort.list", "cohort.show", "cohort.export", "cohort.delete"), "search/cohorts",
        routes=(
            "GET /v1/cohorts", "POST /v1/cohorts", "GET /v1/cohorts/compare", "GET /v1/cohorts/{cohort}",
            "PATCH /v1/cohorts/{cohort}", "DELETE /v1/cohorts/{cohort}", "GET /v1/cohorts/{cohort}/export",
        ),
        pages=(
            "POST /search/save", "GET /cohorts", "GET /cohorts/compare", "GET /cohorts/{cohort}",
            "POST /cohorts/{cohort}/name", "POST /cohorts/{cohort}/remove", "POST /cohorts/{cohort}/delete",
        ),
    ),
    "deidentify": Capability(
        "prosvet.hospital.deidentify.api", "DeidentifyRequest", "DeidentifyResult", ("deidentify",),
        "hospital/deidentify",
        routes=("GET /v1/deidentify", "POST /v1/deidentify", "GET /v1/deidentify/{name}"),
        pages=("GET /deidentify", "POST /deidentify/run", "GET /deidentify/{name}"),
    ),
    "label": Capability(
        "prosvet.language.label_api", "LabelRequest", "LabelResult", ("label",), "language", routes=("POST /v1/label",)
    ),
    "check": Capability(
        "prosvet.language.check_api", "CheckRequest", "CheckResult", ("check",), "language/checks",
        routes=("POST /v1/check",),
    ),
    "ingest": Capability(
        "prosvet.archive.api", "IngestRequest", "IngestResult", ("ingest",), "archive", routes=("POST /v1/ingest",)
    ),
    "worklist": Capability(
        "prosvet.archive.worklist_api", "WorklistRequest", "WorklistResult", ("worklist",), "archive/test_worklist.py",
        routes=("GET /v1/worklist", "GET /v1/worklist/next", "POST /v1/worklist/{study}/take",
                "POST /v1/worklist/{study}/release"),
        pages=("GET /worklist", "GET /worklist/next", "POST /worklist/row"),
    ),
    "upload": Capability(
        "prosvet.archive.upload_api", "UploadRequest", "UploadResult", (), "archive/test_upload.py",
        routes=("POST /v1/uploads",),
    ),
    "clean": Capability(
        "prosvet.archive.clean_api", "CleanRequest", "CleanResult", ("clean.indiana",), "language/cleaning"
    ),
    "studies": Capability(
        "prosvet.archive.studies_api", "StudiesRequest", "StudiesResult",
        ("studies.list", "studies.show", "studies.erase"), "archive",
        routes=("GET /v1/studies", "GET /v1/studies/{study}", "DELETE /v1/studies/{study}"),
    ),
    "protocol": Capability(
        "prosvet.reading.protocols.api", "ProtocolRequest", "ProtocolResult",
        ("protocol.show", "protocol.draft", "protocol.sign", "protocol.history"), "reading/protocols",
        routes=(
            "GET /v1/studies/{study}/protocol", "POST /v1/studies/{study}/protocol",
            "PATCH /v1/studies/{study}/protocol", "POST /v1/studies/{study}/protocol/check",
            "POST /v1/studies/{study}/protocol/sign", "POST /v1/studies/{study}/protocol/addenda",
            "GET /v1/studies/{study}/protocol/history", "GET /v1/studies/{study}/protocol/text",
        ),
        pages=(
            "GET /study/{study}", "POST /study/{study}/open", "GET /study/{study}/protocol",
            "GET /study/{study}/sign", "GET /study/{study}/history", "GET /study/{study}/print",
        ),
    ),
    "results": Capability(
        "prosvet.hospital.objects.api", "ResultsRequest", "ResultsResult",
        ("export.sr", "export.text_sr", "export.seg", "export.sc", "export.pdf"), "hospital/objects",
        routes=("GET /v1/studies/{study}/results/{kind}",),
    ),
    "outbox": Capability(
        "prosvet.hospital.flow.outbox_api", "OutboxRequest", "OutboxResult",
        ("outbox.list", "outbox.resend", "outbox.drop"), "hospital/flow",
        routes=("GET /v1/hospital", "POST /v1/hospital/resend", "POST /v1/hospital/drop", "POST /v1/hospital/again"),
        pages=(
            "GET /hospital", "GET /hospital/state", "POST /hospital/resend", "POST /hospital/resend-all",
            "POST /hospital/drop", "POST /hospital/again",
        ),
    ),
    "fhir": Capability(
        "prosvet.hospital.fhir.api", "FhirRequest", "FhirResult", ("export.fhir",), "hospital/fhir",
        routes=("GET /v1/studies/{study}/fhir", "POST /v1/studies/{study}/fhir/push"),
    ),
    "fhir.hl7": Capability(
        "prosvet.hospital.hl7.api", "Hl7Request", "Hl7Result", ("export.hl7",), "hospital/hl7",
        routes=("GET /v1/studies/{study}/hl7", "POST /v1/studies/{study}/hl7/push"),
    ),
    "peers": Capability(
        "prosvet.hospital.peers.api", "PeersRequest", "PeersResult",
        ("peers.list", "peers.echo", "peers.find", "peers.fetch", "peers.worklist"), "hospital/peers",
        routes=(
            "GET /v1/peers", "POST /v1/peers/{name}/echo", "POST /v1/peers/{name}/find",
            "POST /v1/peers/{name}/fetch", "POST /v1/peers/{name}/worklist",
        ),
    ),
    "evaluate.reports": Capability(
        "prosvet.evaluation.reports.api", "ReportsRequest", "Evaluation", ("evaluate.reports",), "evaluation/reports",
        routes=("POST /v1/evaluate/reports",),
    ),
    "evaluate.findings": Capability(
        "prosvet.evaluation.findings.api", "FindingsRequest", "Evaluation", ("evaluate.findings",),
        "evaluation/findings", routes=("POST /v1/evaluate/findings",),
    ),
    "evaluate.retrieval": Capability(
        "prosvet.evaluation.retrieval.api", "RetrievalRequest", "Evaluation", ("evaluate.retrieval",),
        "evaluation/retrieval", routes=("POST /v1/evaluate/retrieval",),
    ),
    "evaluate.robustness": Capability(
        "prosvet.evaluation.robustness.api", "RobustnessRequest", "Evaluation", ("evaluate.robustness",),
        "evaluation/robustness",
    ),
    "evaluate.vqa": Capability(
        "prosvet.evaluation.vqa.api", "VqaRequest", "Evaluation", ("evaluate.vqa",), "evaluation/vqa",
        routes=("POST /v1/evaluate/vqa",),
    ),
    # It makes hundreds of pictures and reads a data set on this disk: on the command line alone.
    "evaluate.synthesis": Capability(
        "prosvet.evaluation.synthesis.api", "SynthesisRequest", "Evaluation", ("evaluate.synthesis",),
        "evaluation/synthesis",
    ),
    "evaluate.readers": Capability(
        "prosvet.evaluation.readers.api", "ReadersRequest", "Evaluation", ("evaluate.reader-study.agreement",),
        "evaluation/readers",
    ),
    "reader-study": Capability(
        "prosvet.evaluation.readers.study_api", "ReaderStudyRequest", "ReaderStudyResult",
        (
            "evaluate.reader-study.create", "evaluate.reader-study.assign", "evaluate.reader-study.next",
            "evaluate.reader-study.record", "evaluate.reader-study.export",
        ),
        "evaluation/readers",
        routes=(
            "GET /v1/reader-studies", "POST /v1/reader-studies", "GET /v1/reader-studies/{name}",
            "GET /v1/reader-studies/{name}/next", "POST /v1/reader-studies/{name}/answers",
            "GET /v1/reader-studies/{name}/tasks/{task}/picture", "GET /v1/reader-studies/{name}/figures",
            "GET /v1/reader-studies/{name}/export",
        ),
        pages=(
            "GET /reader-study", "POST /reader-study", "GET /reader-study/{name}", "POST /reader-study/{name}/seat",
            "GET /reader-study/{name}/read", "POST /reader-study/{name}/read",
        ),
    ),
    "compare": Capability(
        "prosvet.evaluation.compare_api", "CompareRequest", "CompareResult", ("compare",), "evaluation/card",
        routes=("POST /v1/compare",), pages=("GET /compare/runs", "POST /compare/runs"),
    ),
    "models": Capability(
        "prosvet.models.api", "ModelsRequest", "ModelsResult",
        ("models.list", "models.show", "models.verify", "models.add"), "models",
        routes=("GET /v1/models", "GET /v1/models/{name}", "POST /v1/models/{name}/verify"),
        pages=("GET /models", "GET /models/{name}", "POST /models/{name}/verify"),
    ),
    # Over a whole archive it takes hours: on the command line alone.
    "encode": Capability(
        "prosvet.archive.encode_api", "EncodeRequest", "EncodeResult", ("encode",), "archive/test_encode.py"
    ),
    # Training takes hours of every core and a data set on this disk: on the command line alone.
    "train": Capability(
        "prosvet.training.api",
        "TrainRequest",
        "TrainResult",
        ("train.encoder", "train.anatomy", "train.gates", "train.pack"),
        "training",
    ),
    "train.vlm": Capability(
        "prosvet.training.vlm.api", "TuneRequest", "TuneResult", ("train.vlm",), "training/vlm",
    ),
    "train.chain": Capability(
        "prosvet.training.vlm.chain.api", "ChainRequest", "ChainResult", ("train.projector", "train.text"),
        "training/vlm/chain",
    ),
    "train.generator": Capability(
        "prosvet.training.generator.api", "TrainGeneratorRequest", "TrainGeneratorResult", ("train.generator",),
        "training/generator",
    ),
    "sdxl": Capability(
        "prosvet.training.sdxl.api", "SdxlLoraRequest", "SdxlLoraResult", ("train.sdxl-lora",), "training/sdxl",
    ),
    "synthesize": Capability(
        "prosvet.synthesis.api", "SynthesizeRequest", "SynthesizeResult", ("synthesize.make",),
        "synthesis/test_api.py", routes=("POST /v1/synthesize",), pages=("GET /synthesize", "POST /synthesize"),
    ),
    "synthesize.pair": Capability(
        "prosvet.synthesis.pair_api", "PairRequest", "PairResult", ("synthesize.pair",), "synthesis/test_pairs.py",
        routes=("POST /v1/synthesize/pair",),
    ),
    "synthesize.set": Capability(
        "prosvet.synthesis.collection.api", "SetRequest", "SetResult", ("synthesize.set",),
        "synthesis/test_collection.py", routes=("POST /v1/synthesize/set",),
    ),
    "synthesize.inspect": Capability(
        "prosvet.synthesis.inspect_api", "InspectRequest", "InspectResult", ("synthesize.inspect",),
        "synthesis/test_api.py", routes=("POST /v1/synthesize/inspect",), pages=("POST /synthesize/inspect",),
    ),
    "synthesize.gallery": Capability(
        "prosvet.synthesis.gallery_api", "GalleryRequest", "GalleryResult", ("synthesize.list",),
        "synthesis/test_api.py",
        routes=(
            "GET /v1/synthesize", "GET /v1/synthesize/{name}", "DELETE /v1/synthesize/{name}",
            "GET /v1/synthesize/{name}/{file}",
        ),
        pages=("GET /synthesize/gallery", "GET /synthesize/{name}", "POST /synthesize/{name}/delete"),
    ),
    "retrain": Capability(
        "prosvet.training.pipeline.api", "RetrainRequest", "RetrainResult",
        (
            "retrain.run", "retrain.freeze", "retrain.train", "retrain.evaluate", "retrain.card", "retrain.promote",
            "retrain.back", "retrain.list", "retrain.show",
        ),
        "training/pipeline",
        routes=(
            "GET /v1/retraining", "POST /v1/retraining", "POST /v1/retraining/back", "GET /v1/retraining/{name}",
            "POST /v1/retraining/{name}/promote", "POST /v1/retraining/{name}/{step}",
        ),
        pages=(
            "GET /retraining", "POST /retraining/run", "POST /retraining/back", "GET /retraining/{name}",
            "POST /retraining/{name}/run", "POST /retraining/{name}/promote",
        ),
    ),
    # Rounds run for minutes to hours and name files of this disk: on the command line; the page shows how they stand.
    "federate": Capability(
        "prosvet.training.federated.api", "FederateRequest", "FederateResult",
        (
            "federate.create", "federate.prepare", "federate.answer", "federate.merge", "federate.serve",
            "federate.join", "federate.adopt", "federate.weights", "federate.show",
        ),
        "training/federated",
        routes=("GET /v1/federated", "GET /v1/federated/{name}", "GET /v1/federated/{name}/round"),
        pages=("GET /federated",),
    ),
    "double-reading": Capability(
        "prosvet.reading.double.api", "DoubleReadingRequest", "DoubleReadingResult",
        ("double-reading.list", "double-reading.record", "double-reading.resolve"), "reading/double",
        routes=(
            "GET /v1/double-readings", "POST /v1/double-readings", "GET /v1/double-readings/{study}",
            "POST /v1/double-readings/{study}/begin", "PUT /v1/double-readings/{study}/opinion",
            "POST /v1/double-readings/{study}/sign", "POST /v1/double-readings/{study}/resolve",
        ),
        pages=(
            "GET /double-reading", "POST /double-reading/name", "POST /double-reading/send",
            "GET /double-reading/{study}", "POST /double-reading/{study}/begin", "POST /double-reading/{study}/save",
            "POST /double-reading/{study}/sign", "POST /double-reading/{study}/resolve",
        ),
    ),
    "double-reading.agreement": Capability(
        "prosvet.evaluation.second_opinions.agreement_api", "AgreementRequest", "AgreementResult",
        ("double-reading.agreement",), "evaluation/second_opinions",
        routes=("GET /v1/double-readings/agreement",), pages=("GET /double-reading/agreement",),
    ),
    "retrospective": Capability(
        "prosvet.reading.retrospective.api", "RetrospectiveRequest", "RetrospectiveResult",
        ("retrospective.run", "retrospective.list", "retrospective.judge", "retrospective.export"),
        "reading/retrospective",
        routes=(
            "GET /v1/retrospective/runs", "POST /v1/retrospective/runs", "GET /v1/retrospective/runs/{number}",
            "GET /v1/retrospective/runs/{number}/export", "GET /v1/retrospective/runs/{number}/studies/{study}",
            "PUT /v1/retrospective/runs/{number}/studies/{study}/verdict",
        ),
        pages=(
            "GET /retrospective", "POST /retrospective/run", "GET /retrospective/{number}",
            "GET /retrospective/{number}/export", "GET /retrospective/{number}/{study}",
            "POST /retrospective/{number}/{study}", "GET /retrospective/{number}/{study}/places",
        ),
    ),
    "retrospective.tally": Capability(
        "prosvet.evaluation.second_opinions.tally_api", "TallyRequest", "TallyResult", ("retrospective.tally",),
        "evaluation/second_opinions", routes=("GET /v1/retrospective/runs/{number}/tally",),
    ),
    "screen.calibrate": Capability(
        "prosvet.screening.calibrate_api", "CalibrateRequest", "CalibrateResult", ("screen.calibrate",), "screening",
        routes=("POST /v1/screen/calibrate",), pages=("POST /screening/calibrate",),
    ),
    "screen.confidence": Capability(
        "prosvet.screening.confidence.api", "ConfidenceRequest", "ConfidenceResult", ("screen.confidence",),
        "screening/confidence", routes=("POST /v1/screen/confidence",),
        pages=("GET /screening/confidence", "POST /screening/confidence"),
    ),
    "screen.run": Capability(
        "prosvet.screening.run_api", "ScreenRequest", "ScreenResult", ("screen.run",), "screening",
        routes=("POST /v1/screen/run",),
    ),
    "screen.audit": Capability(
        "prosvet.screening.audit_api", "AuditRequest", "AuditResult", ("screen.audit",), "screening",
        routes=("GET /v1/screen/audit", "POST /v1/screen/audit", "POST /v1/screen/audit/begin"),
        pages=("GET /screening/blind", "POST /screening/blind", "POST /screening/blind/{study}"),
    ),
    "screen.line": Capability(
        "prosvet.screening.line_api", "LineRequest", "LineResult", ("screen.line",), "screening",
        routes=("GET /v1/screen/line", "POST /v1/screen/line/stop", "POST /v1/screen/line/open"),
        pages=("GET /screening", "POST /screening/stop", "POST /screening/open"),
    ),
    "site": Capability(
        "prosvet.training.site.api", "SiteRequest", "SiteResult", ("site.list", "site.show", "site.use", "site.back"),
        "training/site",
        routes=("GET /v1/site", "GET /v1/site/adapters/{version}", "POST /v1/site/use", "POST /v1/site/back"),
        pages=("GET /site", "POST /site/use", "POST /site/back"),
    ),
    "site.fit": Capability(
        "prosvet.training.site.fit_api", "FitRequest", "FitResult", ("site.fit",), "training/site",
        routes=("POST /v1/site/fit",), pages=("POST /site/fit",),
    ),
    "site.compare": Capability(
        "prosvet.training.site.compare_api", "CompareSiteRequest", "CompareSiteResult", ("site.compare",),
        "training/site", routes=("GET /v1/site/compare", "POST /v1/site/compare"), pages=("POST /site/compare",),
    ),
    "site.rescore": Capability(
        "prosvet.training.site.rescore_api", "RescoreRequest", "RescoreResult", ("site.rescore",), "training/site",
        routes=("POST /v1/site/rescore",),
    ),
    "monitor": Capability(
        "prosvet.monitoring.api", "MonitorRequest", "MonitorResult",
        ("monitor.reference", "monitor.check", "monitor.report", "monitor.stop", "monitor.open"), "monitoring",
        routes=(
            "GET /v1/monitoring", "POST /v1/monitoring/reference", "POST /v1/monitoring/check",
            "GET /v1/monitoring/report", "POST /v1/monitoring/stop", "POST /v1/monitoring/open",
            "POST /v1/monitoring/alarms/{alarm}/close", "GET /metrics",
        ),
        pages=(
            "GET /monitoring", "POST /monitoring/check", "POST /monitoring/reference", "POST /monitoring/stop",
            "POST /monitoring/open", "POST /monitoring/alarms/{alarm}/close", "GET /monitoring/report",
        ),
    ),
    "marks": Capability(
        "prosvet.training.queue.api", "MarksRequest", "MarksResult",
        ("marks.queue", "marks.list", "marks.export", "marks.import"), "training/queue",
        routes=(
            "GET /v1/marks", "POST /v1/marks/queue", "POST /v1/marks/next", "GET /v1/marks/export",
            "POST /v1/marks/import", "GET /v1/marks/films/{image}", "GET /v1/marks/cases/{case}",
            "POST /v1/marks/cases/{case}/begin", "PUT /v1/marks/cases/{case}", "POST /v1/marks/cases/{case}/skip",
        ),
        pages=(
            "GET /marking", "POST /marking/queue", "POST /marking/next", "GET /marking/export", "POST /marking/import",
            "POST /marking/{case}/begin", "GET /marking/{case}",
        ),
    ),
    "jobs": Capability(
        "prosvet.app.jobs.api", "JobsRequest", "JobsResult", ("jobs.list", "jobs.show", "jobs.cancel"), "app/jobs",
        routes=(
            "GET /v1/jobs", "GET /v1/jobs/{job}", "DELETE /v1/jobs/{job}", "POST /v1/jobs/{job}/resume",
            "GET /v1/jobs/{job}/events",
        ),
        pages=("GET /jobs", "GET /jobs/{job}", "POST /jobs/{job}/cancel", "POST /jobs/{job}/resume"),
    ),
    "serve": Capability("prosvet.app.serve", "ServeRequest", "ServeResult", ("serve",), "app/test_serve.py"),
    "node": Capability("prosvet.app.node", "NodeRequest", "NodeFacts", ("node",), "hospital/node"),
    "accounts": Capability(
        "prosvet.app.accounts.api", "AccountsRequest", "AccountsResult",
        ("accounts.add", "accounts.list", "accounts.change", "accounts.remove", "accounts.token"), "app/accounts",
        routes=(
            "GET /v1/me", "GET /v1/accounts", "POST /v1/accounts", "PATCH /v1/accounts/{name}",
            "DELETE /v1/accounts/{name}", "GET /v1/accounts/{name}/tokens", "POST /v1/accounts/{name}/tokens",
            "DELETE /v1/accounts/{name}/tokens/{token}",
        ),
        pages=(
            "GET /sign-in", "POST /sign-in", "POST /sign-out", "GET /account", "POST /account/password",
            "POST /account/tokens", "POST /account/tokens/{token}/revoke", "GET /accounts", "POST /accounts",
            "POST /accounts/{name}",
        ),
    ),
    # A back-up names folders of the server: on the command line alone.
    "backup": Capability(
        "prosvet.hospital.operations.backup_api", "BackupRequest", "BackupResult", ("backup", "restore"),
        "hospital/operations",
    ),
    "operations.retention": Capability(
        "prosvet.hospital.operations.retention_api", "RetentionRequest", "RetentionResult", ("retention.run",),
        "hospital/operations/test_retention.py", routes=("GET /v1/operations/retention",),
    ),
    "operations.erase": Capability(
        "prosvet.hospital.operations.erase_api", "ErasePatientRequest", "ErasePatientResult", ("erase.patient",),
        "hospital/operations/test_erasure.py",
    ),
    "operations.audit": Capability(
        "prosvet.hospital.operations.audit_api", "AuditVerifyRequest", "AuditVerifyResult", ("audit.verify",),
        "hospital/operations/test_audit.py", routes=("GET /v1/operations/audit",),
    ),
    "operations.health": Capability(
        "prosvet.hospital.operations.health_api", "HealthRequest", "HealthResult", ("health",),
        "hospital/operations/test_health.py", routes=("GET /v1/operations/health",),
    ),
    "orthanc": Capability("prosvet.app.ohif", "OhifRequest", "OhifResult", ("ohif",), "app/test_ohif.py"),
    "doctor": Capability(
        "prosvet.app.doctor", "DoctorRequest", "DoctorResult", ("doctor",), "app/test_doctor.py",
        routes=("GET /v1/doctor",), pages=("POST /settings/doctor",),
    ),
}  # fmt: skip
