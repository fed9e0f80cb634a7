import { useEffect, useState } from 'react'
import { subscribe, watchedFetch } from '../api/connection.ts'
import { planPath } from '../api/queries.ts'
import { authorization } from '../api/session.ts'
import { followEvents } from './event-stream.ts'

/** How much of a long text is kept while it streams: people read its end. */
const MAX_CHARS = 200_000

/**
 * The text of a running task so far, and live as its model writes it. A separate stream, because
 * the text of all tasks would be far more than anyone reads.
 */
export function useTaskText(
  planId: string,
  taskId: string,
  running: boolean,
  lastEventId: () => string | undefined,
): string {
  const [text, setText] = useState('')
  useEffect(() => {
    setText('')
    if (!running) return
    const abort = new AbortController()
    let attempt: unknown
    followEvents({
      url: `${planPath(planId)}/events?tokens=true&taskId=${encodeURIComponent(taskId)}`,
      headers: authorization,
      fetch: watchedFetch,
      onWake: subscribe,
      // Continues from the page's own stream: another snapshot of the whole plan is not needed.
      lastEventId: lastEventId(),
      signal: abort.signal,
      onState() {},
      onEvents(events) {
        for (const event of events) {
          if (event.type !== 'task.text' || event.data['taskId'] !== taskId) continue
          const piece = typeof event.data['text'] === 'string' ? event.data['text'] : ''
          const restarted = attempt !== undefined && attempt !== event.data['attempt']
          attempt = event.data['attempt']
          setText((before) => ((restarted ? '' : before) + piece).slice(-MAX_CHARS))
        }
      },
    }).catch(() => {
      // The page's own stream reports what is wrong.
    })
    return () => abort.abort()
  }, [planId, taskId, running, lastEventId])
  return text
}
