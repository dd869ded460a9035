/** A line that shows how far training is: redrawn on a terminal, plain lines elsewhere. */

export interface Status {
  epoch: number;
  epochs: number;
  /** Share of the epoch that is done. */
  done: number;
  loss: number;
  accuracy: number;
  imagesPerSecond: number;
  secondsLeft: number;
}

const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;

function time(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

const bar = (share: number, width: number): string => '█'.repeat(Math.round(share * width)).padEnd(width, '░');

export class Progress {
  private readonly live = process.stdout.isTTY === true;
  private shown = 0;

  private text({ epoch, epochs, done, loss, accuracy, imagesPerSecond, secondsLeft }: Status): string {
    const numbers = `loss ${loss.toFixed(4)}  accuracy ${percent(accuracy).padStart(8)}  ${Math.round(imagesPerSecond).toLocaleString('en')} images/s  ${time(secondsLeft)} left`;
    return `epoch ${String(epoch).padStart(2)}/${epochs} ${this.live ? `${bar(done, 20)} ` : ''}${numbers}`;
  }

  /** Shows a status within an epoch: on a terminal only, at most ten times a second. */
  update(status: Status): void {
    if (!this.live || performance.now() - this.shown < 100) return;
    this.shown = performance.now();
    const text = this.text(status);
    process.stdout.write(`\r${text.slice(0, (process.stdout.columns ?? 120) - 1)}\x1b[K`);
  }

  /** Ends the line of an epoch. */
  finish(status: Status, more: string): void {
    process.stdout.write(`${this.live ? '\r' : ''}${this.text(status)}${more}${this.live ? '\x1b[K' : ''}\n`);
  }

  /** Leaves the line as it stands. */
  abandon(): void {
    if (this.live) process.stdout.write('\n');
  }
}
