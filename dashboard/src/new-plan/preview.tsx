import { useEffect, useMemo } from 'react'
import { ApiError } from '../api/client.ts'
import type { Advice, DryRun, Overlap } from '../api/types.ts'
import { formatCompact, formatCount, formatUsd, plural } from '../format/number.ts'
import { OverlapMatrix } from '../plan/overlap-matrix.tsx'
import { usePaging } from '../ui/hooks/use-paging.ts'
import { MoreButton } from '../ui/more-button.tsx'
import { Notice } from '../ui/page-states.tsx'
import { Section } from '../ui/section.tsx'
import { fieldName, sentence } from './field-words.ts'
import { WaveDiagram } from './wave-diagram.tsx'

/** The result of a dry run: what would run, when, and at what cost. */
export function Preview({ result }: { result: DryRun }) {
  const { estimate, waves, overlaps, warnings, advice } = result
  return (
    <div className="space-y-7">
      <dl className="grid grid-cols-3 gap-x-4">
        <Figure label="Tasks" value={formatCount(result.tasks.length)} />
        <Figure
          label="Tokens"
          value={
            estimate.tokens.high === 0
              ? 'none'
              : `${formatCompact(estimate.tokens.low)} to ${formatCompact(estimate.tokens.high)}`
          }
        />
        <Figure
          label="Cost"
          value={
            estimate.costUsd === null
              ? 'unknown'
              : estimate.costUsd.high === 0
                ? 'none'
                : `${formatUsd(estimate.costUsd.low)} to ${formatUsd(estimate.costUsd.high)}`
          }
        />
      </dl>
      {estimate.unpricedModels.length > 0 && (
        <p className="-mt-5 text-xs text-ink-3">
          No price is known for {estimate.unpricedModels.join(', ')}.
        </p>
      )}
      <AdviceList items={warnings} tone="warning" />
      <AdviceList items={advice} tone="info" />
      <Section
        title={waves.length === 1 ? 'All at once' : plural(waves.length, 'wave')}
        note={waves.length === 1 ? undefined : 'each starts once the tasks it needs have ended'}
      >
        <WaveDiagram waves={waves} />
      </Section>
      {overlaps.length > 0 && (
        <Section title="Overlaps" note="tasks that touch the same files">
          <OverlapMatrix overlaps={overlaps} />
        </Section>
      )}
      <PreviewTasks tasks={result.tasks} />
    </div>
  )
}

function Figure({ label, value }: { label: string; value: string }) {
  return (
    <div>
      <dt className="eyebrow">{label}</dt>
      <dd className="tabular text-lg leading-6 font-medium tracking-tight">{value}</dd>
    </div>
  )
}

function AdviceList({ items, tone }: { items: readonly Advice[]; tone: 'warning' | 'info' }) {
  if (items.length === 0) return null
  return (
    <ul className="space-y-2">
      {items.map((item) => (
        <li key={item.code + item.message}>
          <Notice tone={tone}>
            {item.message}
            {item.tasks.length > 0 && (
              <span className="mt-0.5 block truncate font-mono text-xs">
                {item.tasks.slice(0, 6).join(', ')}
                {item.tasks.length > 6 && ` and ${item.tasks.length - 6} more`}
              </span>
            )}
          </Notice>
        </li>
      ))}
    </ul>
  )
}

function PreviewTasks({ tasks }: { tasks: DryRun['tasks'] }) {
  const { shown, left, more } = usePaging(tasks, 30)
  return (
    <Section title="Prompts" note="exactly as they will be sent">
      <ul className="divide-y divide-line border-y border-line">
        {shown.map((task) => (
          <li key={task.id}>
            <details>
              <summary className="flex items-baseline gap-3 py-2 hover:bg-hover">
                <span className="min-w-0 flex-1 truncate">{task.description}</span>
                <span className="shrink-0 text-xs text-ink-3">{task.model ?? task.executor}</span>
              </summary>
              <pre className="plain-text mb-3 max-h-80 overflow-auto">{task.prompt}</pre>
            </details>
          </li>
        ))}
      </ul>
      <MoreButton left={left} onClick={more} />
    </Section>
  )
}

/** Why a dry run or a launch was rejected. */
export function Refusal({ error }: { error: unknown }) {
  const problem = error instanceof ApiError ? error.problem : undefined
  const fields = useMemo(() => problem?.errors ?? [], [problem])
  useEffect(() => {
    if (fields.length > 0) showFirst()
  }, [fields])
  const overlaps = Array.isArray(problem?.['overlaps']) ? (problem['overlaps'] as Overlap[]) : []
  return (
    <div role="alert">
      <Notice tone="failed">
        <p className="font-medium">{problem?.title ?? 'The plan was refused'}</p>
        {problem?.detail !== undefined && fields.length === 0 && <p>{problem.detail}</p>}
        {fields.length > 0 && (
          <ul className="mt-1.5 space-y-1">
            {fields.slice(0, 12).map((item) => (
              <li key={item.pointer + item.detail} className="break-words">
                <span className="font-medium">{fieldName(item.pointer)}</span>:{' '}
                {sentence(item.detail)}
              </li>
            ))}
          </ul>
        )}
        {fields.length > 12 && <p className="mt-1">and {fields.length - 12} more</p>}
      </Notice>
      {overlaps.length > 0 && (
        <div className="mt-5">
          <OverlapMatrix overlaps={overlaps} />
        </div>
      )}
    </div>
  )
}

/** Expands the parts of the form with wrong fields, and moves to the first of them. */
function showFirst(): void {
  const wrong = [...document.querySelectorAll<HTMLElement>('[aria-invalid="true"]')]
  for (const field of wrong) {
    for (let part = field.closest('details'); part !== null; ) {
      part.open = true
      part = part.parentElement?.closest('details') ?? null
    }
  }
  wrong[0]?.focus()
}
