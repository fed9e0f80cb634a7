import { Link } from '@tanstack/react-router'
import { ChevronLeft } from 'lucide-react'
import type { Plan, PlanStatus } from '../api/types.ts'
import { formatAgo, formatTime } from '../format/duration.ts'
import { useNow } from '../ui/hooks/use-now.ts'
import { Notice } from '../ui/page-states.tsx'
import { StatusBadge } from '../ui/status.tsx'
import { CopyButton } from '../ui/text/copy-button.tsx'
import { budgetWords } from './budget-words.ts'
import { PlanActions } from './plan-actions.tsx'

interface PlanHeaderProps {
  plan: Plan
  status: PlanStatus
  onChanged: () => void
}

export function PlanHeader({ plan, status, onChanged }: PlanHeaderProps) {
  const now = useNow(10_000)
  return (
    <header className="pt-5">
      <Link
        to="/"
        className="-ml-1 inline-flex items-center gap-0.5 rounded pr-1 text-sm text-ink-3 hover:text-ink"
      >
        <ChevronLeft className="size-3.5" aria-hidden />
        Plans
      </Link>
      <div className="mt-1 flex flex-wrap items-start gap-x-6 gap-y-3">
        <div className="min-w-0 flex-1 basis-80">
          <div className="flex flex-wrap items-center gap-x-3 gap-y-1.5">
            <h1 className="text-2xl leading-8 font-semibold tracking-tight break-words">
              {plan.title}
            </h1>
            <StatusBadge status={status} />
          </div>
          <p className="mt-1 flex flex-wrap items-center gap-x-4 text-sm text-ink-3">
            <span className="inline-flex min-w-0 items-center">
              <code className="truncate font-mono text-xs">{plan.id}</code>
              <CopyButton text={plan.id} label="Copy the id" />
            </span>
            <time dateTime={plan.createdAt} title={formatTime(plan.createdAt)}>
              submitted {formatAgo(Date.parse(plan.createdAt), now)}
            </time>
            {plan.mode === 'sequential' && <span>one task at a time</span>}
            {plan.policy?.maxConcurrency !== undefined && (
              <span>at most {plan.policy.maxConcurrency} at once</span>
            )}
          </p>
        </div>
        <PlanActions plan={plan} status={status} onChanged={onChanged} />
      </div>
      {plan.reason !== undefined && (
        <div className="mt-3">
          <Notice tone={plan.reason.code === 'merge-conflict' ? 'failed' : 'warning'}>
            {plan.reason.message}
            {plan.reason.code.includes('budget') && ` ${budgetWords(plan) ?? ''}`}
          </Notice>
        </div>
      )}
      {plan.stopped !== undefined && plan.reason === undefined && (
        <div className="mt-3">
          <Notice tone="warning">
            Stopped before its tasks had ended: {plan.stopped.message}
            {plan.stopped.code.includes('budget') && ` ${budgetWords(plan) ?? ''}`}
          </Notice>
        </div>
      )}
    </header>
  )
}
