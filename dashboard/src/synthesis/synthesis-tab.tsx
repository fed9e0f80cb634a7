import type { Plan, Synthesis } from '../api/types.ts'
import { formatAgo, formatTime } from '../format/duration.ts'
import { formatCompact, formatUsd } from '../format/number.ts'
import { usePlanSearch } from '../plan/use-plan-search.ts'
import { INPUT } from '../ui/field.tsx'
import { useNow } from '../ui/hooks/use-now.ts'
import { Empty, Failed, Notice, Skeleton } from '../ui/page-states.tsx'
import { Section } from '../ui/section.tsx'
import { Clamp } from '../ui/text/clamp.tsx'
import { Markdown } from '../ui/text/markdown.tsx'
import { ActionList } from './action-list.tsx'
import { Coverage } from './coverage.tsx'
import { EditsSection } from './edits-section.tsx'
import { FindingList } from './finding-list.tsx'
import { Ledger } from './ledger.tsx'
import { summaryBeside } from './summary-beside.ts'

/** In characters: about a screenful, after which the findings would be hard to find. */
const LONG_SUMMARY = 1_800

interface SynthesisTabProps {
  plan: Plan | undefined
  syntheses: readonly Synthesis[] | undefined
  error: unknown
  writing: boolean
  /** `f-3`, if a link led here. */
  finding: string | undefined
}

export function SynthesisTab({ plan, syntheses, error, writing, finding }: SynthesisTabProps) {
  const [{ version: chosen }, changeSearch] = usePlanSearch()
  const versions = [...(syntheses ?? [])].sort((a, b) => b.version - a.version)
  const synthesis = versions.find(({ version }) => version === chosen) ?? versions[0]

  if (synthesis === undefined) {
    if (plan?.synthesis?.status === 'disabled') {
      return <Empty title="This plan has no synthesis">The outputs are in its tasks.</Empty>
    }
    if (writing) {
      return (
        <div className="space-y-3 pt-8" role="status" aria-label="The synthesis is being written">
          <p className="breathe font-medium text-synthesis">Writing the synthesis</p>
          <Skeleton className="h-4 w-3/4" />
          <Skeleton className="h-4 w-2/3" />
          <Skeleton className="h-4 w-1/2" />
        </div>
      )
    }
    if (error !== null && error !== undefined) return <Failed error={error} />
    if (syntheses === undefined) return <Skeleton className="mt-8 h-40" />
    return (
      <Empty title="No synthesis yet">
        It is written once every task has ended: findings merged and ranked, conflicts named, and
        every finding accounted for.
      </Empty>
    )
  }

  const summary = summaryBeside(synthesis)
  return (
    <div className="@container max-w-[110rem] pt-6">
      <SynthesisMeta
        synthesis={synthesis}
        versions={versions}
        onChoose={(version) =>
          changeSearch({ version: version === versions[0]?.version ? undefined : version })
        }
        writing={writing}
      />
      <div className="mt-5 grid gap-x-12 gap-y-9 @4xl:grid-cols-[minmax(0,1fr)_minmax(20rem,28%)] @4xl:grid-rows-[auto_1fr]">
        <div className="min-w-0">
          {summary !== '' && (
            <Clamp key={synthesis.version} long={summary.length > LONG_SUMMARY}>
              <Markdown text={summary} />
            </Clamp>
          )}
        </div>
        <aside
          className="min-w-0 space-y-8 @4xl:col-start-2 @4xl:row-span-2 @4xl:row-start-1"
          aria-label="What to do, and what is missing"
        >
          <ActionList actions={synthesis.actions} />
          <Coverage coverage={synthesis.coverage} />
        </aside>
        <FindingList
          key={synthesis.version}
          findings={synthesis.findings}
          ledger={synthesis.ledger}
          shown={finding}
        />
        <div className="min-w-0 space-y-9 @4xl:col-span-2">
          {synthesis.edits !== undefined && <EditsSection edits={synthesis.edits} />}
          <Ledger ledger={synthesis.ledger} />
          {synthesis.data !== undefined && (
            <Section title="Data" note="In the form its schema requires">
              <pre className="plain-text">{JSON.stringify(synthesis.data, null, 2)}</pre>
            </Section>
          )}
        </div>
      </div>
    </div>
  )
}

function SynthesisMeta(props: {
  synthesis: Synthesis
  /** Newest first. */
  versions: readonly Synthesis[]
  onChoose: (version: number) => void
  writing: boolean
}) {
  const { synthesis, versions } = props
  const now = useNow(10_000)
  const tokens = synthesis.usage.inputTokens + synthesis.usage.outputTokens
  return (
    <div className="space-y-3">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2 text-sm text-ink-2">
        {versions.length > 1 ? (
          <select
            aria-label="Version of the synthesis"
            className={`${INPUT} h-8 w-auto pr-1 pl-2`}
            value={synthesis.version}
            onChange={(event) => props.onChoose(Number(event.target.value))}
          >
            {versions.map(({ version, preliminary }, index) => (
              <option key={version} value={version}>
                Version {version}
                {index === 0 ? ' (newest)' : ''}
                {preliminary ? ' (preliminary)' : ''}
              </option>
            ))}
          </select>
        ) : (
          <span className="font-medium text-ink">Version {synthesis.version}</span>
        )}
        <span>
          {synthesis.executor === 'model'
            ? `written by ${synthesis.model ?? 'a model'}`
            : 'merged by rule, without a model'}
        </span>
        <time dateTime={synthesis.createdAt} title={formatTime(synthesis.createdAt)}>
          {formatAgo(Date.parse(synthesis.createdAt), now)}
        </time>
        {tokens > 0 && (
          <span className="tabular">
            {formatCompact(tokens)} tokens
            {synthesis.usage.costUsd > 0 && `, ${formatUsd(synthesis.usage.costUsd)}`}
          </span>
        )}
        {props.writing && (
          <span className="breathe font-medium text-synthesis" role="status">
            Writing the next version
          </span>
        )}
      </div>
      {synthesis.preliminary && (
        <Notice tone="info">
          Preliminary: written while tasks were still running.{' '}
          {synthesis.version === versions[0]?.version
            ? 'Another version follows.'
            : 'A later version covers more.'}
        </Notice>
      )}
      {synthesis.status === 'failed' && (
        <Notice tone="failed">This version could not be written.</Notice>
      )}
      <Notes synthesis={synthesis} />
    </div>
  )
}

/** How it was written: in parts, repaired, or merged by rule because a model failed. */
function Notes({ synthesis }: { synthesis: Synthesis }) {
  const { notes, executor } = synthesis
  if (notes.length === 0) return null
  return (
    <Notice tone={executor === 'merge' ? 'warning' : 'info'}>
      {notes.length === 1 ? (
        notes[0]
      ) : (
        <ul className="list-disc space-y-1 pl-4">
          {notes.map((note) => (
            <li key={note}>{note}</li>
          ))}
        </ul>
      )}
    </Notice>
  )
}
