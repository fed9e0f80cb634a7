import { useQuery } from '@tanstack/react-query'
import { ExternalLink } from 'lucide-react'
import { workersQuery } from '../api/queries.ts'
import type { Workers } from '../api/types.ts'
import { formatAgo, formatDuration, formatTime } from '../format/duration.ts'
import { formatCount, plural } from '../format/number.ts'
import { buttonClass } from '../ui/button.tsx'
import { classNames } from '../ui/class-names.ts'
import { useDocumentTitle } from '../ui/hooks/use-document-title.ts'
import { useNow } from '../ui/hooks/use-now.ts'
import { Empty, Failed, Notice, Skeleton } from '../ui/page-states.tsx'
import { Section } from '../ui/section.tsx'
import { QueueTable } from './queue-table.tsx'

/** A worker that has been silent for this long is shown as gone. */
const SILENT_AFTER_MS = 15_000

export function WorkersPage() {
  useDocumentTitle('Workers')
  const query = useQuery(workersQuery())
  return (
    <div className="@container mx-auto w-full max-w-5xl px-4 pb-16 sm:px-6">
      <div className="flex flex-wrap items-center justify-between gap-3 pt-7 pb-5">
        <h1 className="text-2xl font-semibold tracking-tight">Workers and queues</h1>
        <a href="/queues" className={buttonClass()}>
          Inspect the queues
          <ExternalLink className="size-3.5" aria-hidden />
        </a>
      </div>
      {body()}
    </div>
  )

  function body() {
    if (query.isPending) return <Skeleton className="h-48" />
    if (query.isError) return <Failed error={query.error} onRetry={() => void query.refetch()} />
    if (query.data === null) {
      return (
        <Empty title="This service does not list its workers">
          The queues can still be inspected, with the button above.
        </Empty>
      )
    }
    const { workers, queues, providers } = query.data
    return (
      <div className="space-y-9">
        <WorkerList workers={workers} />
        <Section title="Queues">
          <QueueTable queues={queues} />
        </Section>
        <Providers providers={providers} />
      </div>
    )
  }
}

function WorkerList({ workers }: { workers: Workers['workers'] }) {
  const now = useNow(1_000)
  const alive = workers.filter((worker) => now - Date.parse(worker.lastSeenAt) < SILENT_AFTER_MS)
  const running = alive.reduce((sum, worker) => sum + worker.running, 0)
  const capacity = alive.reduce((sum, worker) => sum + worker.concurrency, 0)
  return (
    <Section
      title="Workers"
      note={`${formatCount(alive.length)} alive, ${formatCount(running)} of ${plural(capacity, 'slot')} busy`}
    >
      {alive.length === 0 && (
        <div className="mb-3">
          <Notice tone="warning">
            No worker is alive, so queued tasks wait. Start one with{' '}
            <code className="font-mono">npm run worker</code>.
          </Notice>
        </div>
      )}
      <ul className="grid gap-3 @2xl:grid-cols-2">
        {workers.map((worker) => (
          <WorkerCard key={worker.id} worker={worker} now={now} />
        ))}
      </ul>
    </Section>
  )
}

function WorkerCard({ worker, now }: { worker: Workers['workers'][number]; now: number }) {
  const silent = now - Date.parse(worker.lastSeenAt)
  const gone = silent >= SILENT_AFTER_MS
  const load = worker.concurrency === 0 ? 0 : worker.running / worker.concurrency
  return (
    <li className="rounded-lg border border-line bg-surface p-4">
      <div className="flex items-center gap-2">
        <span
          aria-hidden
          className={classNames('size-2 rounded-full', gone ? 'bg-failed' : 'bg-succeeded')}
        />
        <h3 className="min-w-0 truncate font-medium">{worker.host}</h3>
        <span className="font-mono text-xs text-ink-3">pid {worker.pid}</span>
        <span className={classNames('ml-auto text-xs', gone ? 'text-failed' : 'text-ink-3')}>
          {gone ? `silent for ${formatDuration(silent)}` : 'alive'}
        </span>
      </div>
      <div className="mt-3 mb-1.5 flex items-baseline justify-between">
        <span className="eyebrow">Running</span>
        <span className="tabular text-ink-2">
          <span className="font-medium text-ink">{formatCount(worker.running)}</span> of{' '}
          {formatCount(worker.concurrency)}
        </span>
      </div>
      <div aria-hidden className="h-1.5 overflow-hidden rounded-full bg-neutral-soft">
        <div
          className="h-full rounded-full bg-running transition-[width]"
          style={{ width: `${Math.min(1, load) * 100}%` }}
        />
      </div>
      <p className="mt-3 text-xs text-ink-3">
        <time dateTime={worker.startedAt} title={formatTime(worker.startedAt)}>
          started {formatAgo(Date.parse(worker.startedAt), now)}
        </time>
        {` · version ${worker.version}`}
        <span className="block truncate">runs {worker.executors.join(', ')}</span>
      </p>
    </li>
  )
}

function Providers({ providers }: { providers: Workers['providers'] }) {
  const now = useNow(500)
  return (
    <Section title="Model providers" note="Rate limits, shared by all workers">
      {providers.length === 0 ? (
        <p className="text-ink-2">No provider has limited any calls so far.</p>
      ) : (
        <ul className="divide-y divide-line border-y border-line">
          {providers.map((provider) => {
            const heldFor = provider.heldUntil === null ? 0 : Date.parse(provider.heldUntil) - now
            return (
              <li key={provider.key} className="flex flex-wrap items-center gap-x-4 gap-y-1 py-2.5">
                <span className="font-mono text-[0.8125rem]">{provider.key}</span>
                <span
                  className={classNames(
                    'ml-auto text-sm',
                    heldFor > 0 ? 'font-medium text-incomplete' : 'text-ink-2',
                  )}
                >
                  {heldFor > 0 ? `held for ${formatDuration(heldFor)}` : 'open'}
                </span>
                {provider.concurrency !== null && (
                  <span className="tabular w-28 text-right text-sm text-ink-2">
                    {formatCount(provider.concurrency)} at once
                  </span>
                )}
              </li>
            )
          })}
        </ul>
      )}
    </Section>
  )
}
