class EnglishPassage:
    def __init__(self,t,d): self.t=t
    def read(self): return "".join(x.text for x in self.t)
