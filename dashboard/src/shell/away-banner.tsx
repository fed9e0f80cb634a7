import { PlugZap } from 'lucide-react'
import { useState } from 'react'
import { probe, useAwaySince } from '../api/connection.ts'
import { formatClock } from '../format/duration.ts'
import { Button } from '../ui/button.tsx'

/** Shows on every page, once, that the service is not responding. */
export function AwayBanner() {
  const awaySince = useAwaySince()
  const [asking, setAsking] = useState(false)
  if (awaySince === undefined) return null
  async function ask() {
    setAsking(true)
    await probe()
    setAsking(false)
  }
  return (
    <div role="alert" className="border-b border-line bg-incomplete-soft text-incomplete">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2 px-4 py-2 sm:px-6">
        <PlugZap className="size-4 shrink-0" aria-hidden />
        <p className="min-w-0 flex-1 basis-60 text-sm">
          <span className="font-medium">The service is not responding.</span> What you see is from{' '}
          {formatClock(awaySince)}. The page retries every second and continues automatically.
        </p>
        <Button small busy={asking} onClick={() => void ask()}>
          Try now
        </Button>
      </div>
    </div>
  )
}
