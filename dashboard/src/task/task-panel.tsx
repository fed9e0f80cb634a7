import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { RotateCcw, Square, X } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { cancelTask, retryTask } from '../api/actions.ts'
import { outputQuery, readStep, stepsQuery, taskQuery } from '../api/queries.ts'
import type { PlanModel } from '../live/plan-model.ts'
import { useTaskText } from '../live/use-task-text.ts'
import { hasEnded } from '../timeline/rows.ts'
import { Button, IconButton } from '../ui/button.tsx'
import { Failed, Skeleton } from '../ui/page-states.tsx'
import { StatusBadge } from '../ui/status.tsx'
import { Tabs } from '../ui/tabs.tsx'
import { notify, notifyFailure } from '../ui/toast.tsx'
import { AttemptList } from './attempt-list.tsx'
import { EditsPart } from './edits-part.tsx'
import { FindingsPart } from './findings-part.tsx'
import { OutputPart } from './output-part.tsx'
import { PromptPart } from './prompt-part.tsx'
import { SayForm } from './say-form.tsx'
import { StepsPart } from './steps-part.tsx'
import { TaskFacts } from './task-facts.tsx'

interface TaskPanelProps {
  planId: string
  taskId: string
  model: PlanModel
  /** `security/2`, if a link led here. */
  finding: string | undefined
  lastEventId: () => string | undefined
  onClose: () => void
  /** A finished plan has new events from here on. */
  onChanged: () => void
}

export function TaskPanel(props: TaskPanelProps) {
  const { planId, taskId, model, finding, onClose } = props
  const live = model.tasks.get(taskId)
  const version = `${live?.status}:${live?.attempt}:${live?.finishedAt}`
  const detail = useQuery(taskQuery(planId, taskId, version))
  const output = useQuery({
    ...outputQuery(planId, taskId, version),
    enabled: live === undefined || hasEnded(live),
  })
  const steps = useInfiniteQuery(stepsQuery(planId, taskId, `${version}:${live?.step}`))
  const status = live?.status ?? detail.data?.status
  const text = useTaskText(planId, taskId, status === 'running', props.lastEventId)
  const [tab, setTab] = useState('output')
  const heading = useRef<HTMLHeadingElement>(null)

  // Moves keyboard focus into the panel.
  useEffect(() => heading.current?.focus({ preventScroll: true }), [])
  useEffect(() => {
    if (finding?.startsWith(`${taskId}/`)) setTab('findings')
  }, [finding, taskId])

  const answer = output.data?.task
  const findings = answer?.findings ?? []
  const taken = steps.data?.pages.flatMap(({ items }) => items) ?? []
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <header className="border-b border-line px-5 pt-4 pb-4">
        <div className="flex items-start gap-2">
          <h2
            ref={heading}
            tabIndex={-1}
            className="min-w-0 flex-1 text-lg leading-7 font-semibold break-words outline-none"
          >
            {live?.description ?? detail.data?.description ?? taskId}
          </h2>
          <IconButton label="Close the task (Esc)" className="-mr-2" onClick={onClose}>
            <X className="size-4" aria-hidden />
          </IconButton>
        </div>
        <div className="mt-1.5 flex flex-wrap items-center gap-2">
          {status !== undefined && <StatusBadge status={status} />}
          <code className="font-mono text-xs text-ink-3">{taskId}</code>
          <div className="ml-auto">
            <TaskActions {...props} ended={live !== undefined && hasEnded(live)} />
          </div>
        </div>
        {detail.data !== undefined && <TaskFacts task={detail.data} live={live} />}
      </header>
      <div className="min-h-0 flex-1 overflow-y-auto px-5 pb-8">
        {detail.isError && <Failed error={detail.error} onRetry={() => void detail.refetch()} />}
        {detail.isPending && !detail.isError && <Skeleton className="mt-6 h-40" />}
        {detail.data !== undefined && (
          <Tabs
            label="Parts of the task"
            className="pt-1"
            value={tab}
            onChange={setTab}
            items={[
              {
                value: 'output',
                label: 'Output',
                content: (
                  <OutputPart
                    task={detail.data}
                    status={status}
                    answer={answer}
                    streamed={text}
                    error={output.error}
                    live={live}
                  />
                ),
              },
              {
                value: 'findings',
                label: 'Findings',
                note: findings.length > 0 ? `${findings.length}` : undefined,
                content: <FindingsPart findings={findings} shown={finding} />,
              },
              ...(answer?.edits === undefined
                ? []
                : [
                    {
                      value: 'edits',
                      label: 'Edits',
                      note: `${answer.edits.files.length}`,
                      content: <EditsPart edits={answer.edits} />,
                    },
                  ]),
              ...(taken.length === 0
                ? []
                : [
                    {
                      value: 'steps',
                      label: 'Steps',
                      note: `${taken.length}${steps.hasNextPage ? '+' : ''}`,
                      content: (
                        <>
                          <StepsPart
                            steps={taken}
                            onMore={
                              steps.hasNextPage ? () => void steps.fetchNextPage() : undefined
                            }
                            readWhole={(number) => readStep(planId, taskId, number)}
                          />
                          {status === 'running' && detail.data.executor === 'model' && (
                            <SayForm planId={planId} taskId={taskId} />
                          )}
                        </>
                      ),
                    },
                  ]),
              { value: 'prompt', label: 'Prompt', content: <PromptPart task={detail.data} /> },
              {
                value: 'attempts',
                label: 'Attempts',
                note:
                  detail.data.attempts.length > 0 ? `${detail.data.attempts.length}` : undefined,
                content: <AttemptList task={detail.data} />,
              },
            ]}
          />
        )}
      </div>
    </div>
  )
}

function TaskActions({ planId, taskId, ended, onChanged }: TaskPanelProps & { ended: boolean }) {
  const queryClient = useQueryClient()
  const settled = {
    onSettled: () => void queryClient.invalidateQueries({ queryKey: ['plan', planId] }),
  }
  const cancel = useMutation({
    mutationFn: () => cancelTask(planId, taskId),
    onError: (error) => notifyFailure('The task was not cancelled', error),
    ...settled,
  })
  const retry = useMutation({
    mutationFn: () => retryTask(planId, taskId),
    onSuccess: () => {
      notify('The task runs again', 'A new version of the synthesis follows.')
      onChanged()
    },
    onError: (error) => notifyFailure('The task was not retried', error),
    ...settled,
  })
  return ended ? (
    <Button small busy={retry.isPending} onClick={() => retry.mutate()}>
      <RotateCcw className="size-3.5" aria-hidden />
      Retry task
    </Button>
  ) : (
    <Button small busy={cancel.isPending} onClick={() => cancel.mutate()}>
      <Square className="size-3" aria-hidden />
      Cancel task
    </Button>
  )
}
