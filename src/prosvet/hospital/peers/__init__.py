"""The hospital's other systems, with us as the one who calls: PACS, worklist, DICOMweb, FHIR, HL7 v2.

    send.store(peer, paths)              C-STORE; a status for each object
    find.studies(peer, StudyQuery(...))  C-FIND
    get.study(peer, uid, folder)         C-GET; move.study(peer, uid, to) C-MOVE
    commit.ask(peer, objects)            storage commitment
    worklist.items(peer, ...)            modality worklist
    web.Web(config.dicomweb)             QIDO, WADO, STOW
    fhir.push(data, config.fhir)         a transaction to a FHIR server
    mllp.send(message, config.hl7)       an HL7 v2 message

Every call has an end: connecting, each answer and the whole are bounded in time, and answers in size. None of them
tries again by itself, but reads over HTTP; the outbox does, by what :class:`PeerUnreachable` (later, perhaps) and
:class:`PeerError` (not like this) say. Nothing here writes a name, a number or a UID to a log.
"""
