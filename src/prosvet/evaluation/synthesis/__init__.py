"""How good a generator of chest X-rays is: fidelity, adherence, anatomy, diversity, memorisation, detection."""
