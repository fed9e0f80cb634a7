import {
  Ban,
  Circle,
  CircleAlert,
  CircleCheck,
  CircleDashed,
  CircleDotDashed,
  CircleSlash,
  CircleX,
  GitMerge,
  type LucideIcon,
} from 'lucide-react'
import type { PlanStatus, Severity, TaskStatus } from '../api/types.ts'
import { classNames } from './class-names.ts'

export type Status = PlanStatus | TaskStatus

interface Appearance {
  label: string
  icon: LucideIcon
  text: string
  soft: string
  /** The colour of a bar or a dot. */
  fill: string
}

// Every status has its own shape and word, so that none depends on colour alone.
export const APPEARANCE: Record<Status, Appearance> = {
  queued: {
    label: 'Queued',
    icon: Circle,
    text: 'text-queued',
    soft: 'bg-neutral-soft',
    fill: 'bg-queued-bar',
  },
  running: {
    label: 'Running',
    icon: CircleDotDashed,
    text: 'text-running',
    soft: 'bg-running-soft',
    fill: 'bg-running',
  },
  synthesizing: {
    label: 'Synthesizing',
    icon: GitMerge,
    text: 'text-synthesis',
    soft: 'bg-synthesis-soft',
    fill: 'bg-synthesis',
  },
  succeeded: {
    label: 'Succeeded',
    icon: CircleCheck,
    text: 'text-succeeded',
    soft: 'bg-succeeded-soft',
    fill: 'bg-succeeded',
  },
  partial: {
    label: 'Partial',
    icon: CircleAlert,
    text: 'text-incomplete',
    soft: 'bg-incomplete-soft',
    fill: 'bg-incomplete',
  },
  incomplete: {
    label: 'Incomplete',
    icon: CircleAlert,
    text: 'text-incomplete',
    soft: 'bg-incomplete-soft',
    fill: 'bg-incomplete',
  },
  failed: {
    label: 'Failed',
    icon: CircleX,
    text: 'text-failed',
    soft: 'bg-failed-soft',
    fill: 'bg-failed',
  },
  cancelled: {
    label: 'Cancelled',
    icon: Ban,
    text: 'text-cancelled',
    soft: 'bg-neutral-soft',
    fill: 'bg-line-strong',
  },
  skipped: {
    label: 'Skipped',
    icon: CircleDashed,
    text: 'text-skipped',
    soft: 'bg-neutral-soft',
    fill: 'bg-line-strong',
  },
}

export function appearance(status: string): Appearance {
  return (
    APPEARANCE[status as Status] ?? {
      ...APPEARANCE.queued,
      label: status,
      icon: CircleSlash,
    }
  )
}

const MOVING: ReadonlySet<string> = new Set(['running', 'synthesizing'])

export function StatusIcon({ status, className }: { status: string; className?: string }) {
  const { icon: Icon, text } = appearance(status)
  return (
    <Icon
      aria-hidden
      strokeWidth={2}
      className={classNames(
        'size-4 shrink-0',
        text,
        MOVING.has(status) && 'motion-safe:animate-[spin_3s_linear_infinite]',
        status === 'synthesizing' && 'motion-safe:animate-none breathe',
        className,
      )}
    />
  )
}

export function StatusBadge({ status }: { status: string }) {
  const { label, text, soft } = appearance(status)
  return (
    <span
      className={classNames(
        'inline-flex h-6 items-center gap-1.5 rounded-full pr-2.5 pl-1.5 text-xs font-medium whitespace-nowrap',
        text,
        soft,
      )}
    >
      <StatusIcon status={status} className="size-3.5" />
      {label}
    </span>
  )
}

const SEVERITY: Record<Severity, string> = {
  critical: 'bg-failed text-surface',
  high: 'bg-failed-soft text-failed',
  medium: 'bg-incomplete-soft text-incomplete',
  low: 'bg-running-soft text-running',
  info: 'bg-neutral-soft text-ink-2',
}

export function SeverityBadge({ severity }: { severity: Severity }) {
  return (
    <span
      className={classNames(
        'inline-flex h-5 w-16 shrink-0 items-center justify-center rounded text-xs font-medium',
        SEVERITY[severity],
      )}
    >
      {severity}
    </span>
  )
}
