/**
 * What a span records: names, ids and numbers. Never a prompt, an output, a key or an error
 * message.
 */
export type SpanAttributes = Record<string, string | number | boolean | string[] | undefined>

export interface SpanStart {
  /** The same for all spans of a kind: ids belong in the attributes. */
  name: string
  /**
   * `client` calls another service; `producer` leaves work for a `consumer`. Without it, a step
   * within this process.
   */
  kind?: 'client' | 'producer' | 'consumer'
  /** W3C trace context of the parent; by default the current span. */
  parent?: string | undefined
  attributes?: SpanAttributes
}

/** A step in progress. */
export interface Span {
  set(attributes: SpanAttributes): void
  /** Marks the step as failed although it did not throw. `code` is from a closed set. */
  fail(code: string): void
}

/** Records which step of a plan took how long, and what it was part of. */
export interface Tracer {
  /** False if no spans are recorded, so that data needed only for spans is not looked up. */
  readonly isOn: boolean
  /** Runs a step. If it throws, the span fails with the error's `code` or name. */
  span<T>(start: SpanStart, run: (span: Span) => Promise<T>): Promise<T>
  /** W3C trace context of the current span, to be passed on; `undefined` outside of any. */
  traceparent(): string | undefined
}

const NO_SPAN: Span = { set() {}, fail() {} }

/** For a service without tracing. */
export const NO_TRACER: Tracer = {
  isOn: false,
  span: (_start, run) => run(NO_SPAN),
  traceparent: () => undefined,
}
