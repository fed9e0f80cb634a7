import { useEffect, useRef } from 'react'
import { saveFile } from '../api/actions.ts'
import type { OutputTask, TaskDetail, TaskStatus } from '../api/types.ts'
import { formatBytes } from '../format/number.ts'
import type { LiveTask } from '../live/plan-model.ts'
import { Button } from '../ui/button.tsx'
import { Empty, Failed, Notice, Skeleton } from '../ui/page-states.tsx'
import { CopyButton } from '../ui/text/copy-button.tsx'
import { Markdown } from '../ui/text/markdown.tsx'
import { ProviderHold } from './provider-hold.tsx'

interface OutputPartProps {
  task: TaskDetail
  status: TaskStatus | undefined
  answer: OutputTask | undefined
  /** What a running task has written so far. */
  streamed: string
  error: unknown
  live: LiveTask | undefined
}

export function OutputPart({ task, status, answer, streamed, error, live }: OutputPartProps) {
  if (status === 'queued') {
    return live?.error === undefined ? (
      <Empty title="Waiting to run" />
    ) : (
      <div className="pt-5">
        <Notice tone="warning">
          The last attempt failed: {live.error.message} It will be retried automatically.
        </Notice>
      </div>
    )
  }
  if (status === 'running') {
    return (
      <div className="space-y-4 pt-5">
        <ProviderHold task={task} />
        <Streamed text={streamed} />
      </div>
    )
  }
  if (error !== null && error !== undefined) return <Failed error={error} />
  if (answer === undefined) return <Skeleton className="mt-5 h-32" />
  return (
    <div className="pt-5">
      {answer.error !== undefined && (
        <div className="mb-4">
          <Notice tone={status === 'failed' ? 'failed' : 'warning'}>
            <span className="font-mono text-xs font-medium">{answer.error.code}</span>
            <br />
            {answer.error.message}
          </Notice>
        </div>
      )}
      {answer.output === '' ? (
        answer.error === undefined && <Empty title="This task produced no text" />
      ) : (
        <Finished id={answer.id} text={answer.output} isData={answer.data !== undefined} />
      )}
    </div>
  )
}

function Finished({ id, text, isData }: { id: string; text: string; isData: boolean }) {
  return (
    <>
      <div className="-mt-2 mb-2 flex items-center justify-end gap-1 text-xs text-ink-3">
        <span className="tabular mr-1">{formatBytes(new Blob([text]).size)}</span>
        <CopyButton text={text} label="Copy the output" />
        <Button
          small
          variant="ghost"
          onClick={() => saveFile(new Blob([text]), `${id}.${isData ? 'json' : 'md'}`)}
        >
          Save
        </Button>
      </div>
      {isData ? <pre className="plain-text">{pretty(text)}</pre> : <Markdown text={text} />}
    </>
  )
}

function Streamed({ text }: { text: string }) {
  const end = useRef<HTMLDivElement>(null)
  const length = text.length
  useEffect(() => {
    if (length > 0) end.current?.scrollIntoView({ block: 'nearest' })
  }, [length])
  return (
    <div aria-busy="true">
      {text === '' ? (
        <p className="breathe text-ink-2" role="status">
          Running. Text appears here as it is written.
        </p>
      ) : (
        <pre className="font-sans text-sm leading-relaxed break-words whitespace-pre-wrap">
          {text}
          <span className="breathe ml-0.5 inline-block h-4 w-1.5 translate-y-0.5 bg-running" />
        </pre>
      )}
      <div ref={end} />
    </div>
  )
}

function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return text
  }
}
