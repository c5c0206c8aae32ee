def aligner(name):
    return None
