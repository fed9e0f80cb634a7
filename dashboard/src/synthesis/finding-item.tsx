import { ChevronRight } from 'lucide-react'
import { useEffect, useRef } from 'react'
import type { LedgerEntry, SynthesisFinding } from '../api/types.ts'
import { plural } from '../format/number.ts'
import { TaskLink } from '../task/task-link.tsx'
import { SeverityBadge } from '../ui/status.tsx'
import { CodeWords } from '../ui/text/code-words.tsx'
import { Markdown } from '../ui/text/markdown.tsx'

interface FindingItemProps {
  finding: SynthesisFinding
  /** The task findings that went into it. */
  refs: readonly LedgerEntry[]
  open: boolean
}

export function FindingItem({ finding, refs, open }: FindingItemProps) {
  const element = useRef<HTMLDetailsElement>(null)
  useEffect(() => {
    if (!open || element.current === null) return
    element.current.open = true
    element.current.scrollIntoView({ block: 'center' })
    element.current.querySelector('summary')?.focus({ preventScroll: true })
  }, [open])
  return (
    <li>
      <details ref={element} id={finding.id} className="group">
        <summary className="flex cursor-pointer list-none items-start gap-3 py-2.5 pr-1 hover:bg-hover/60 [&::-webkit-details-marker]:hidden">
          <ChevronRight
            className="mt-0.5 size-4 shrink-0 text-ink-3 transition-transform group-open:rotate-90"
            aria-hidden
          />
          <SeverityBadge severity={finding.severity} />
          <span className="min-w-0 flex-1">
            <span className="font-medium break-words">
              <CodeWords text={finding.title} />
            </span>
            {finding.file !== undefined && (
              <span className="block truncate font-mono text-xs leading-5 text-ink-3">
                {finding.file}
                {finding.line !== undefined && `:${finding.line}`}
              </span>
            )}
          </span>
          <VerificationBadge finding={finding} />
          <span className="hidden shrink-0 text-xs leading-5 text-ink-3 sm:block">
            {plural(finding.sources.length, 'task')}
          </span>
          <span className="shrink-0 font-mono text-xs leading-5 text-ink-3">{finding.id}</span>
        </summary>
        <div className="space-y-4 pb-5 pl-7 sm:pl-[6.25rem]">
          {finding.detail !== '' && <Markdown text={finding.detail} />}
          {finding.recommendation !== undefined && (
            <div>
              <h3 className="eyebrow mb-0.5">Recommendation</h3>
              <Markdown text={finding.recommendation} />
            </div>
          )}
          <VoteList votes={finding.verification?.votes ?? []} />
          <div className="flex flex-wrap gap-x-8 gap-y-3 text-sm">
            <div>
              <h3 className="eyebrow mb-1">From</h3>
              <div className="flex flex-wrap gap-1">
                {refs.length > 0
                  ? refs.map((entry) => (
                      <TaskLink
                        key={entry.finding}
                        taskId={taskOf(entry.finding)}
                        finding={entry.finding}
                      />
                    ))
                  : finding.sources.map((taskId) => <TaskLink key={taskId} taskId={taskId} />)}
              </div>
            </div>
            <div>
              <h3 className="eyebrow mb-1">Confidence</h3>
              <span className="tabular leading-5">{Math.round(finding.confidence * 100)}%</span>
            </div>
            {finding.category !== undefined && (
              <div>
                <h3 className="eyebrow mb-1">Category</h3>
                <span className="leading-5">{finding.category}</span>
              </div>
            )}
          </div>
        </div>
      </details>
    </li>
  )
}

type Votes = NonNullable<NonNullable<SynthesisFinding['verification']>['votes']>

function VoteList({ votes }: { votes: Votes }) {
  if (votes.length === 0) return null
  return (
    <div className="text-sm">
      <h3 className="eyebrow mb-0.5">Votes</h3>
      <ul>
        {votes.map(({ verdict, reason }, index) => (
          // Votes never change, and two of them may be identical.
          // biome-ignore lint/suspicious/noArrayIndexKey: their place is all that tells them apart
          <li key={index} className="leading-5 break-words">
            <span className="font-medium">{verdict}</span>: {reason}
          </li>
        ))}
      </ul>
    </div>
  )
}

/** Shows the result of checking its evidence; nothing if there was nothing to check. */
function VerificationBadge({ finding: { verification } }: { finding: SynthesisFinding }) {
  if (verification === undefined || verification.status === 'unverified') return null
  const isRefuted = verification.status === 'refuted'
  const missing = verification.checks.find(({ holds }) => !holds)?.kind
  return (
    <span
      className={`shrink-0 rounded border px-1.5 text-xs leading-5 ${isRefuted ? 'border-failed/40 text-failed' : 'border-line text-ink-2'}`}
      title={
        isRefuted
          ? missing === undefined
            ? 'Most verifiers voted against it.'
            : `The ${missing} that it names is not in the plan's files.`
          : verification.votes === undefined
            ? "The plan's files contain what it quotes."
            : 'Most verifiers confirmed it, or the files contain what it quotes.'
      }
    >
      {isRefuted ? 'refuted' : verification.votes === undefined ? 'evidence found' : 'confirmed'}
    </span>
  )
}

/** `security/2` is a finding of the task `security`. */
export function taskOf(ref: string): string {
  return ref.slice(0, Math.max(0, ref.lastIndexOf('/'))) || ref
}
