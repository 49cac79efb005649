/** What an alarm needs of its object's storage. */
interface AlarmStorage {
  setAlarm(instant: number): Promise<void>;
}

/** An object's one alarm, as far as this process knows what it is set to. */
export class ObjectAlarm {
  readonly #storage: AlarmStorage;
  #at: number | null = null;
  #setting: Promise<void> = Promise.resolve();

  constructor(storage: AlarmStorage) {
    this.#storage = storage;
  }

  /** Null: not known in this process, none set, or the one that was set last could not be. */
  get at(): number | null {
    return this.#at;
  }

  /** Takes effect with the writes that it stands beside; a caller that must know that it was set awaits `whenSet()`. */
  set(at: number): void {
    const setting = this.#storage.setAlarm(at);
    this.#at = at;
    this.#setting = setting;
    // `whenSet()` reports this error. `at` is null from here on, so the next request sets the alarm again.
    setting.catch(() => {
      if (this.#setting === setting) this.#at = null;
    });
  }

  /** Sets it for then, unless it is known to be set for then or earlier. */
  setBy(at: number): void {
    if (this.#at === null || this.#at > at) this.set(at);
  }

  /** Storage says that it is set to this. */
  found(at: number): void {
    this.#at = at;
  }

  /** When the alarm that was set last is set. @throws what storage throws */
  async whenSet(): Promise<void> {
    await this.#setting;
  }

  /** It has fired, or its storage was emptied or rolled back: nothing is known of it. */
  forget(): void {
    this.#at = null;
    this.#setting = Promise.resolve();
  }
}
