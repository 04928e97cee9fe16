"""How a chart looks: a contrast of 4.5 and more for every text, and words and shapes beside every colour."""

__all__ = ["LEGEND", "STYLE"]

# Class of the swatch, word, and how far the next one stands.
LEGEND = (
    ("l-question", "asked", 82.0),
    ("l-told", "said", 74.0),
    ("l-guard", "guard", 84.0),
    ("l-escalation", "escalation", 114.0),
    ("l-notice", "somebody is told", 150.0),
    ("l-person", "a person", 100.0),
    ("l-ending", "ends the call", 126.0),
)

STYLE = """
text {
  fill: #16202b; font-size: 12px;
  font-family: "DejaVu Sans", "Segoe UI", "Helvetica Neue", Arial, sans-serif }
.t-arabic, .t-chip, .t-heading, .t-section-title {
  font-family: "Noto Naskh Arabic", "Geeza Pro", "Segoe UI", "Traditional Arabic", "DejaVu Sans", sans-serif }
.t-arabic { font-size: 19px }
.t-chip { font-size: 16px }
.t-heading { font-size: 30px; font-weight: bold }
.t-section-title { font-size: 17px; font-weight: bold; fill: #274b73 }
.t-subtitle { font-size: 14px; fill: #44525f }
.t-name, .t-section, .t-guard, .t-condition { font-family: "DejaVu Sans Mono", Menlo, Consolas, monospace }
.t-name { font-size: 13px; font-weight: bold }
.t-section { font-size: 13px; font-weight: bold; fill: #274b73 }
.t-guard { font-size: 12.5px; text-anchor: middle }
.t-condition { font-size: 11.5px }
.t-remark, .t-condition { fill: #33414e }
.t-type { text-anchor: end; fill: #44525f }
.t-fact { fill: #44525f }
.t-title { font-size: 14px; font-weight: bold }
.t-key, .t-pill, .t-connector { text-anchor: middle; font-weight: bold }
.t-key { fill: #ffffff }
.t-connector { font-size: 14px }
.t-otherwise { text-anchor: end; font-size: 11px; fill: #44525f }
.t-yes { font-size: 11px; fill: #44525f }
.t-counts { font-size: 11px; fill: #44525f }
.paper { fill: #ffffff }
.box { stroke-width: 1.5; fill: #ffffff; stroke: #1f4e79 }
.start .box, .end .box { fill: #e6f4ea; stroke: #1e6b37 }
.safety .box { fill: #fffafa; stroke: #a3211a; stroke-width: 2.5 }
.told .box { fill: #f4f4f1; stroke: #6b6b63 }
.guard .box, .round .box { fill: #fff5d6; stroke: #8a6100 }
.frame { fill: #edf3fa; fill-opacity: 0.6; stroke: #7f9cbb; stroke-width: 1.5; stroke-dasharray: 7 4 }
.chip-box { fill: #eef4fb; stroke: #7f9cbb }
.key-box { fill: #1f4e79 }
.line { fill: none; stroke: #33414e; stroke-width: 1.6; stroke-linejoin: round }
.otherwise .line { stroke-dasharray: 5 4 }
.head, .meeting { fill: #33414e }
.connector-box { fill: #ffffff; stroke: #33414e; stroke-width: 1.6 }
.panel.plain .box { fill: #fafafa; stroke: #6b6b63 }
.panel.escalation .box { fill: #fff6f5; stroke: #a3211a }
.panel.ending .box { fill: #f5f5f9; stroke: #4a4a6a }
.pill-box { stroke-width: 1.5 }
.escalation .pill-box, .l-escalation { fill: #fbdcd9; stroke: #a3211a }
.notice .pill-box, .l-notice { fill: #fde8cf; stroke: #8f4a00 }
.person .pill-box, .l-person { fill: #ecdffb; stroke: #5b2f91 }
.ending .pill-box, .l-ending { fill: #e2e2ec; stroke: #4a4a6a }
.out.escalation .line { stroke: #a3211a }
.out.notice .line { stroke: #8f4a00 }
.out.person .line { stroke: #5b2f91 }
.out.ending .line { stroke: #4a4a6a }
.l-question { fill: #ffffff; stroke: #1f4e79 }
.l-told { fill: #f4f4f1; stroke: #6b6b63 }
.l-guard { fill: #fff5d6; stroke: #8a6100 }
"""
