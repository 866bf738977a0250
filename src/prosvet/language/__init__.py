"""Russian and English of chest X-rays: concepts, mentions in a text, drafts of reports.

The public names are imported from their modules (``prosvet.language.mentions.find_mentions``), so that importing
the package costs nothing.
"""
