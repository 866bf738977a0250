"""The archive: patients, studies, images, reports, and what was found in them."""
