import { useEffect, useState } from 'react'
import { serverNow } from '../../api/server-clock.ts'

/** The server's time, updated every `everyMs` while `active`. */
export function useNow(everyMs: number, active = true): number {
  const [now, setNow] = useState(serverNow)
  useEffect(() => {
    if (!active) return
    const timer = setInterval(() => setNow(serverNow()), everyMs)
    return () => clearInterval(timer)
  }, [everyMs, active])
  return now
}
