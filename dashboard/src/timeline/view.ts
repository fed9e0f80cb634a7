import { inside, pan, type TimeSpan, zoom } from './time-scale.ts'

/** Which part of the plan's time the timeline shows. */
export type View =
  | { kind: 'fit' }
  | { kind: 'fixed'; span: TimeSpan }
  /** The last `lengthMs` up to now, moving along. */
  | { kind: 'follow'; lengthMs: number }

export const FIT: View = { kind: 'fit' }

export function viewSpan(view: View, domain: TimeSpan): TimeSpan {
  switch (view.kind) {
    case 'fit':
      return domain
    case 'fixed':
      return inside(view.span, domain)
    case 'follow':
      return inside({ from: domain.to - view.lengthMs, to: domain.to }, domain)
  }
}

/** `factor` below 1 zooms in, around `centre` or the current middle. */
export function zoomView(
  view: View,
  domain: TimeSpan,
  live: boolean,
  factor: number,
  centre?: number,
): View {
  const span = viewSpan(view, domain)
  const at = centre ?? (view.kind === 'follow' ? span.to : (span.from + span.to) / 2)
  return settle(zoom(span, domain, factor, at), domain, live)
}

/** Moves by `share` of the visible length; negative goes back in time. */
export function panView(view: View, domain: TimeSpan, live: boolean, share: number): View {
  const span = viewSpan(view, domain)
  return settle(pan(span, domain, share * (span.to - span.from)), domain, live)
}

export function settle(span: TimeSpan, domain: TimeSpan, live: boolean): View {
  const lengthMs = span.to - span.from
  if (lengthMs >= (domain.to - domain.from) * 0.999) return FIT
  if (live && domain.to - span.to < lengthMs * 0.01) return { kind: 'follow', lengthMs }
  return { kind: 'fixed', span: inside(span, domain) }
}
