"""What came from the hospital, what became of it, and what has to go back.

The ledger holds identities (UIDs, patients' numbers) and lies apart from the archive, which holds pseudonyms only:
``HOME/hospital/ledger.db`` and the objects as they came under ``HOME/hospital/objects``, readable by their owner alone.
"""
