"""What every other part stands on: types, errors, settings, registry, words, progress, audit."""
