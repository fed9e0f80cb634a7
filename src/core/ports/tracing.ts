/** What is recorded of a step: names, ids and numbers. Never a prompt, an output, a key or an error's message. */
export type SpanAttributes = Record<string, string | number | boolean | string[] | undefined>

export interface SpanStart {
  /** The same for all steps of a kind: ids belong into the attributes. */
  name: string
  /** `client` calls another service, `producer` leaves work for `consumer`; without, a step of this process. */
  kind?: 'client' | 'producer' | 'consumer'
  /** W3C trace context of what caused the step; by default the step that it is a part of. */
  parent?: string | undefined
  attributes?: SpanAttributes
}

/** A step that is under way. */
export interface Span {
  set(attributes: SpanAttributes): void
  /** The step failed, though it did not throw. `code` is one of a closed set. */
  fail(code: string): void
}

/** Tells an operator which step of a plan took how long, and what it was a part of. */
export interface Tracer {
  /** False when no span is recorded, so that what only a span needs is not looked up. */
  readonly isOn: boolean
  /** Runs a step. One that throws has failed, with the error's `code` or name. */
  span<T>(start: SpanStart, run: (span: Span) => Promise<T>): Promise<T>
  /** W3C trace context of the step that runs now, to be passed on; `undefined` outside of any. */
  traceparent(): string | undefined
}

const NO_SPAN: Span = { set() {}, fail() {} }

/** For a service that is not traced. */
export const NO_TRACER: Tracer = {
  isOn: false,
  span: (_start, run) => run(NO_SPAN),
  traceparent: () => undefined,
}
