import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { TasksApi } from '../../core/contract/api.ts'
import { OutputTask, TaskDetail, TaskOutputAnswer, TaskPage } from '../../core/contract/views.ts'
import { answer } from '../openapi/documented-answer.ts'
import { OUTPUT_TASK, TASK_DETAIL, TASK_OUTPUT, TASK_PAGE } from '../openapi/examples.ts'
import { PlanParams, TaskParams } from '../openapi/params.ts'
import { OutputQuery, TaskListQuery } from '../openapi/query.ts'
import { problemAnswers } from '../problems/problem.ts'
import { tenantOf } from '../security/auth.ts'
import { ndjson } from '../streaming/ndjson.ts'
import { JSON_TYPE, sendPieces } from '../streaming/pieces.ts'
import type { Waits } from '../streaming/waits.ts'

export interface TaskRouteOptions {
  tasks: TasksApi
  waits: Waits
}

export const NDJSON_TYPE = 'application/x-ndjson'

export const taskRoutes: FastifyPluginAsyncZod<TaskRouteOptions> = async (
  app,
  { tasks, waits },
) => {
  app.get(
    '/plans/:planId/tasks',
    {
      schema: {
        operationId: 'listTasks',
        tags: ['Tasks'],
        summary: 'List the tasks of a plan, without their outputs',
        description:
          'In the order of the plan. Outputs are read one by one, or streamed from `…/outputs`.',
        params: PlanParams,
        querystring: TaskListQuery,
        response: {
          200: answer('A page of tasks, in the order of the plan.', TaskPage, {
            example: TASK_PAGE,
          }),
          ...problemAnswers('invalid-request', 'plan-not-found'),
        },
      },
    },
    async (request, reply) => {
      const { planId } = request.params
      const { status, limit, cursor } = request.query
      const query = { tenant: tenantOf(request), planId, status, limit, cursor }
      return reply.send(await tasks.list(query))
    },
  )

  app.get(
    '/plans/:planId/tasks/:taskId',
    {
      schema: {
        operationId: 'getTask',
        tags: ['Tasks'],
        summary: 'Read a task: its attempts, timings, usage and prompt',
        description:
          'Every attempt with its outcome, worker and usage, including those lost with their worker, and the rendered prompt.',
        params: TaskParams,
        response: {
          200: answer('The task.', TaskDetail, { example: TASK_DETAIL }),
          ...problemAnswers('plan-not-found', 'task-not-found'),
        },
      },
    },
    async (request, reply) => {
      const { planId, taskId } = request.params
      return reply.send(await tasks.get(tenantOf(request), planId, taskId))
    },
  )

  app.get(
    '/plans/:planId/tasks/:taskId/output',
    {
      schema: {
        operationId: 'getTaskOutput',
        tags: ['Tasks'],
        summary: 'Read the output of a task, or wait for it',
        description: [
          'Answers 200 for every task that exists; `retrievalStatus` says whether the output is',
          'there: `success`, `timeout` (the wait ended first) or `not_ready` (with `block=false`).',
        ].join(' '),
        params: TaskParams,
        querystring: OutputQuery,
        response: {
          200: answer('The task with its output so far.', TaskOutputAnswer, {
            example: TASK_OUTPUT,
          }),
          ...problemAnswers('invalid-request', 'plan-not-found', 'task-not-found'),
        },
      },
    },
    async (request, reply) => {
      const { planId, taskId } = request.params
      const { block, timeout } = request.query
      const wait = block ? { timeoutMs: timeout, signal: waits.signalFor(reply) } : undefined
      const json = await tasks.output(tenantOf(request), planId, taskId, wait)
      return sendPieces(request, reply, JSON_TYPE, json)
    },
  )

  app.get(
    '/plans/:planId/outputs',
    {
      schema: {
        operationId: 'listOutputs',
        tags: ['Tasks'],
        summary: 'Stream the outputs of all ended tasks',
        description:
          'One line of JSON per ended task, in the order in which they ended, up to now.',
        params: PlanParams,
        response: {
          200: {
            description: 'One task with its output per line.',
            content: { [NDJSON_TYPE]: { schema: OutputTask, example: OUTPUT_TASK } },
          },
          ...problemAnswers('plan-not-found'),
        },
      },
    },
    async (request, reply) => {
      const lines = await ndjson(tasks.outputs(tenantOf(request), request.params.planId))
      reply.type(NDJSON_TYPE)
      if (request.method === 'HEAD') lines.destroy()
      return reply.send((request.method === 'HEAD' ? '' : lines) as never)
    },
  )

  app.post(
    '/plans/:planId/tasks/:taskId/cancel',
    {
      schema: {
        operationId: 'cancelTask',
        tags: ['Tasks'],
        summary: 'Cancel a task',
        description: 'Stops it within a second; the rest of the plan continues.',
        params: TaskParams,
        response: {
          200: answer('The cancelled task.', TaskDetail, {
            example: TASK_DETAIL,
          }),
          ...problemAnswers('plan-not-found', 'task-not-found', 'task-finished'),
        },
      },
    },
    async (request, reply) => {
      const { planId, taskId } = request.params
      return reply.send(await tasks.cancel(tenantOf(request), planId, taskId))
    },
  )

  app.post(
    '/plans/:planId/tasks/:taskId/retry',
    {
      schema: {
        operationId: 'retryTask',
        tags: ['Tasks'],
        summary: 'Run a task again, then write a new version of the synthesis',
        description:
          'Any ended task may run again, with all its attempts, once its dependencies have succeeded; tasks that were skipped because of it run afterwards. The order and `maxConcurrency` of the plan apply.',
        params: TaskParams,
        response: {
          202: answer('The task, queued again.', TaskDetail, { example: TASK_DETAIL }),
          ...problemAnswers(
            'plan-not-found',
            'task-not-found',
            'task-not-finished',
            'plan-not-finished',
            'budget-exceeded',
            'quota-exceeded',
          ),
        },
      },
    },
    async (request, reply) => {
      const { planId, taskId } = request.params
      return reply.code(202).send(await tasks.retry(tenantOf(request), planId, taskId))
    },
  )
}
