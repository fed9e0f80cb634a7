import { useState } from 'react'
import type { Step } from '../api/types.ts'
import { formatDuration } from '../format/duration.ts'
import { formatCompact, formatUsd } from '../format/number.ts'
import { Button } from '../ui/button.tsx'
import { classNames } from '../ui/class-names.ts'
import { FilterChips } from '../ui/filter-chips.tsx'
import { Empty } from '../ui/page-states.tsx'
import { Markdown } from '../ui/text/markdown.tsx'

type Filter = 'all' | 'tools' | 'errors'

interface StepsPartProps {
  steps: readonly Step[]
  /** Loads the next page; undefined if there is none. */
  onMore: (() => void) | undefined
  /** Reads one step with complete arguments and results. */
  readWhole: (number: number) => Promise<Step>
}

/** Shows what an agent has said and done, in order. */
export function StepsPart({ steps, onMore, readWhole }: StepsPartProps) {
  const [filter, setFilter] = useState<Filter>('all')
  const withTools = steps.filter(({ toolCalls }) => toolCalls.length > 0)
  const withErrors = steps.filter(hasError)
  const shown = { all: steps, tools: withTools, errors: withErrors }[filter]
  return (
    <div className="pt-4">
      <FilterChips
        label="Which steps"
        chips={[
          { value: 'all', label: 'All', count: steps.length },
          { value: 'tools', label: 'Tools', count: withTools.length },
          { value: 'errors', label: 'Errors', count: withErrors.length },
        ]}
        isOn={(value) => value === filter}
        onToggle={(value) => setFilter(value as Filter)}
      />
      {shown.length === 0 ? (
        <Empty title={filter === 'errors' ? 'No tool has failed' : 'No tool was called'} />
      ) : (
        <ol className="mt-3 space-y-6">
          {shown.map((step) => (
            <StepItem key={step.number} step={step} readWhole={readWhole} />
          ))}
        </ol>
      )}
      {onMore !== undefined && (
        <Button small className="mt-4" onClick={onMore}>
          Show more
        </Button>
      )}
    </div>
  )
}

function hasError({ toolCalls }: Step): boolean {
  return toolCalls.some(({ isError }) => isError)
}

function StepItem({ step, readWhole }: { step: Step; readWhole: StepsPartProps['readWhole'] }) {
  const [whole, setWhole] = useState<Step>()
  const { number, attempt, kind, model, text, reasoning, toolCalls, usage } = whole ?? step
  const tokens = usage.inputTokens + usage.outputTokens
  const isCut = toolCalls.some(
    (call) => call.resultCharacters !== undefined || call.argumentsCharacters !== undefined,
  )
  return (
    <li>
      <div className="flex items-baseline justify-between gap-3">
        <h3 className="font-medium">Step {number}</h3>
        <span className="tabular text-xs text-ink-3">
          {attempt > 1 && `attempt ${attempt}, `}
          {kind === 'message' ? 'said by a person' : <span className="font-mono">{model}</span>}
          {kind === 'model' &&
            step.finishedAt !== null &&
            `, ${formatDuration(Date.parse(step.finishedAt) - Date.parse(step.startedAt))}`}
          {tokens > 0 && `, ${formatCompact(tokens)} tokens`}
          {usage.costUsd > 0 && `, ${formatUsd(usage.costUsd)}`}
        </span>
      </div>
      {reasoning !== undefined && (
        <details className="mt-1 text-sm text-ink-2">
          <summary className="cursor-pointer">What it thought</summary>
          <p className="mt-1 whitespace-pre-wrap">{reasoning}</p>
        </details>
      )}
      {text.trim() !== '' && <Markdown text={text} />}
      {toolCalls.map((call) => (
        <ToolCall key={call.id} call={call} />
      ))}
      {isCut && whole === undefined && (
        <Button
          small
          variant="ghost"
          className="mt-1"
          onClick={() => void readWhole(number).then(setWhole, () => undefined)}
        >
          Show in full
        </Button>
      )}
    </li>
  )
}

function ToolCall({ call }: { call: Step['toolCalls'][number] }) {
  return (
    <details className="mt-2 rounded-lg border border-line" open={call.isError}>
      <summary
        className={classNames(
          'cursor-pointer truncate px-3 py-1.5 font-mono text-xs',
          call.isError ? 'text-failed' : 'text-ink-2',
        )}
      >
        {call.name} {textOf(call.arguments)}
        {call.isError && <span className="sr-only"> (failed)</span>}
      </summary>
      <pre className="plain-text max-h-96 overflow-auto border-t border-line px-3 py-2">
        {call.result === null ? 'It runs.' : textOf(call.result)}
      </pre>
    </details>
  )
}

/** A result of an MCP server is a list of parts; readers want only their texts. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value === 'object' && value !== null && 'content' in value) {
    const { content } = value
    if (Array.isArray(content)) {
      return content
        .map((part: { text?: unknown }) =>
          typeof part.text === 'string' ? part.text : JSON.stringify(part),
        )
        .join('\n')
    }
  }
  return JSON.stringify(value)
}
