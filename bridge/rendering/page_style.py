"""How the listening page looks, in light and in dark, and its one script, which plays all in order."""

__all__ = ["SCRIPT", "STYLE"]

STYLE = """
:root { color-scheme: light dark; --paper: #ffffff; --ink: #16202b; --soft: #44525f; --line: #c9d2db;
  --stripe: #f3f6f9; --accent: #1f4e79; --band: #d7ebdc; --now: #fff3cf }
@media (prefers-color-scheme: dark) { :root { --paper: #14181d; --ink: #e8edf2; --soft: #aab6c2;
  --line: #3a444f; --stripe: #1b2128; --accent: #8fbfec; --band: #21402b; --now: #453a12 } }
* { box-sizing: border-box }
body { margin: 0 auto; padding: 1.5rem; max-width: 78rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 "Segoe UI", "Helvetica Neue", "DejaVu Sans", Arial, sans-serif }
h1, h2 { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0.25rem 2rem; line-height: 1.3 }
h1 { font-size: 1.5rem } h2 { font-size: 1.2rem; margin-top: 2.5rem; color: var(--accent) }
[lang="ar"] { font-family: "Noto Naskh Arabic", "Geeza Pro", "Segoe UI", "Traditional Arabic", "DejaVu Sans",
  sans-serif }
.voice, figcaption { color: var(--soft); font-size: 0.875rem }
code { font-family: "DejaVu Sans Mono", Menlo, Consolas, monospace; font-size: 0.85em;
  overflow-wrap: anywhere }
a { color: var(--accent) } nav { display: flex; flex-wrap: wrap; gap: 0.25rem 1rem }
button { font: inherit; padding: 0.4rem 1rem; border: 1px solid var(--accent); border-radius: 0.4rem;
  background: transparent; color: var(--accent); cursor: pointer }
button:focus-visible, a:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px }
figure { margin: 0; flex: 1 1 22rem } .charts { display: flex; flex-wrap: wrap; gap: 1rem 2rem }
svg { width: 100%; height: auto; display: block }
.axis { fill: none; stroke: var(--line) } .band { fill: var(--band) }
.dot { fill: var(--accent); fill-opacity: 0.75 }
.dot.short { fill: none; stroke: var(--accent); stroke-opacity: 0.6 }
.bar { fill: var(--accent); fill-opacity: 0.8 }
.tick { fill: var(--soft); font-size: 12px } .middle { text-anchor: middle } .end { text-anchor: end }
.wide { overflow-x: auto }
table { border-collapse: collapse; width: 100% }
th, td { padding: 0.35rem 0.6rem; border-bottom: 1px solid var(--line); text-align: start;
  vertical-align: middle }
th { position: sticky; top: 0; background: var(--paper); font-size: 0.875rem; color: var(--soft) }
tbody tr:nth-child(even) { background: var(--stripe) } tbody tr.now { background: var(--now) }
.said { font-size: 1.2rem; line-height: 1.9; min-width: 16rem; text-align: right }
.no, .seconds, .lufs, .text { text-align: right }
.number { text-align: right; font-variant-numeric: tabular-nums }
audio { width: 15rem; height: 2.2rem }
@media print { audio, button { display: none } }
"""

SCRIPT = """
"use strict";
const sounds = [...document.querySelectorAll("audio")];
const button = document.getElementById("all");
const words = [button.textContent, "Stop"];
let at = -1;
function mark(sound, isNow) { sound.closest("tr").classList.toggle("now", isNow); }
function show() { button.textContent = words[at < 0 ? 0 : 1]; }
function play(next) {
  at = next < sounds.length ? next : -1;
  show();
  if (at >= 0) {
    sounds[at].currentTime = 0;
    sounds[at].play().catch(() => { at = -1; show(); });
    sounds[at].closest("tr").scrollIntoView({ block: "nearest" });
  }
}
button.addEventListener("click", () => {
  if (at < 0) { play(0); return; }
  const playing = sounds[at];
  at = -1;
  playing.pause();
  show();
});
sounds.forEach((sound, index) => {
  sound.addEventListener("play", () => {
    sounds.forEach((other) => { if (other !== sound) { other.pause(); } });
    mark(sound, true);
  });
  sound.addEventListener("pause", () => mark(sound, false));
  sound.addEventListener("ended", () => { mark(sound, false); if (at === index) { play(index + 1); } });
});
"""
