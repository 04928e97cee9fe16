// The audio thread: the microphone in frames of 20 ms, 16 bits, and the speaker, which knows what was heard.

const FRAMES_PER_SECOND = 50;

class Microphone extends AudioWorkletProcessor {
  constructor() {
    super();
    this.frame = new Int16Array(Math.round(sampleRate / FRAMES_PER_SECOND));
    this.filled = 0;
  }

  process([[samples]]) {
    for (const sample of samples ?? []) {
      this.frame[this.filled++] = Math.max(-1, Math.min(1, sample)) * 32767;
      if (this.filled === this.frame.length) {
        const { buffer } = this.frame;
        this.frame = new Int16Array(this.frame.length);
        this.filled = 0;
        this.port.postMessage(buffer, [buffer]);
      }
    }
    return true;
  }
}

class Speaker extends AudioWorkletProcessor {
  constructor() {
    super();
    this.queue = []; // of {samples, at}, and of {mark} behind what is to be heard before it
    this.port.onmessage = ({ data }) => {
      if (data === "clear") this.clear();
      else if (data.mark !== undefined) this.queue.push(data);
      else this.queue.push({ samples: new Int16Array(data), at: 0 });
    };
  }

  clear() {
    for (const { mark } of this.queue) if (mark !== undefined) this.port.postMessage({ mark, played: false });
    this.queue = [];
  }

  process(_, [[output]]) {
    let filled = 0;
    while (this.queue.length) {
      const [first] = this.queue;
      if (first.mark !== undefined) {
        this.port.postMessage({ mark: first.mark, played: true });
      } else {
        while (filled < output.length && first.at < first.samples.length) {
          output[filled++] = first.samples[first.at++] / 32768;
        }
        if (first.at < first.samples.length) break;
      }
      this.queue.shift();
    }
    return true;
  }
}

registerProcessor("microphone", Microphone);
registerProcessor("speaker", Speaker);
