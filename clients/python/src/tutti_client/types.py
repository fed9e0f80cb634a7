# Made from openapi/openapi.json by `node script/python-types.ts`.
"""The bodies and answers of the API."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict, Union


class Action(TypedDict):
    rank: int
    action: str
    why: str
    findings: list[str]


class AddTasksTasksItemFilesRead(TypedDict):
    read: NotRequired[list[str]]
    write: NotRequired[list[str]]


class AddTasksTasksItemCache(TypedDict):
    #: `reuse`: takes the output of a task of an earlier plan if everything that it depends on is the
    #: same. `refresh`: runs, and may be reused later. `off`: neither.
    mode: Literal["reuse", "refresh", "off"]
    #: How old a reused output may be, in milliseconds; any age if absent.
    maxAgeMs: NotRequired[int]


class AddTasksTasksItem(TypedDict):
    #: Unique in the plan; `task-1`, `task-2` … by default.
    id: NotRequired[str]
    #: Three to five words, for lists.
    description: NotRequired[str]
    #: Who does it: `Security specialist`.
    role: NotRequired[str]
    #: What to do.
    task: NotRequired[str]
    #: What only this task must know; the plan has a shared context.
    context: NotRequired[str]
    #: Files it reads, as globs relative to the workspace; or those it reads and those it writes. A
    #: folder stands for everything in it, and a glob that starts with `!` excludes files.
    files: NotRequired[Union[list[str], "AddTasksTasksItemFilesRead"]]
    #: What the output should look like.
    outputFormat: NotRequired[str]
    #: What matters most, in order of importance.
    focusAreas: NotRequired[list[str]]
    #: The whole prompt, instead of role, task, context, outputFormat and focusAreas.
    prompt: NotRequired[str]
    #: A JSON Schema that the output must satisfy.
    outputSchema: NotRequired[dict[str, Any]]
    #: Tasks that must succeed first; their outputs become part of the prompt.
    dependsOn: NotRequired[list[str]]
    #: What runs it, one of `GET /v1/executors`.
    executor: NotRequired[str]
    #: `provider:model`.
    model: NotRequired[str]
    #: Models that take over, in this order and within the same attempt, when the one before ends
    #: `incomplete` or its answer does not match the schema; `provider:model`. Only for the executor
    #: `model`.
    escalate: NotRequired[list[str]]
    #: Which of the executor's tools it may use; by default all, but those that write only with
    #: `files.write`. A task that asks for `write`, `edit`, `delete` or `run` without `files.write`
    #: may write `files`, or every file if there are none.
    tools: NotRequired[list[str]]
    #: Options that only the executor interprets.
    options: NotRequired[dict[str, Any]]
    #: How long one attempt may take, in milliseconds.
    timeoutMs: NotRequired[int]
    #: How many attempts it gets in total.
    attempts: NotRequired[int]
    #: Whether outputs of earlier plans are reused; `off` by default.
    cache: NotRequired["AddTasksTasksItemCache"]
    #: Among waiting tasks, those with a higher number run first.
    priority: NotRequired[int]


class AddTasks(TypedDict):
    #: May depend on each other and on tasks that the plan has.
    tasks: list["AddTasksTasksItem"]


class Advice(TypedDict):
    code: str
    message: str
    tasks: list[str]


class Attempt(TypedDict):
    number: int
    outcome: Literal["running", "succeeded", "incomplete", "failed", "timed-out", "cancelled", "lost", "interrupted"]
    startedAt: str
    finishedAt: Union[str, None]
    workerId: str
    usage: "Usage"
    #: The provider:model that answered last: a fallback if the requested model was not available, or
    #: one of `escalate` that took over.
    answeredBy: NotRequired[str]
    #: The last step of earlier attempts, if it continued from there.
    resumedFromStep: NotRequired[int]
    error: NotRequired["Failure"]


class Budget(TypedDict):
    limitUsd: float
    reservedUsd: float
    unknownUsd: float
    leftUsd: float


class CancelTasks(TypedDict):
    #: Ids of the tasks. With `status`, only those that have it.
    tasks: NotRequired[list[str]]
    #: All tasks that have one of these statuses now.
    status: NotRequired[list[Literal["queued", "running"]]]


class ConflictSidesItem(TypedDict):
    taskId: str
    recommendation: str
    evidence: str


class Conflict(TypedDict):
    between: list[str]
    about: str
    sides: list["ConflictSidesItem"]
    resolution: str
    rule: str


class Counts(TypedDict):
    queued: int
    running: int
    succeeded: int
    incomplete: int
    failed: int
    cancelled: int
    skipped: int
    total: int


class CoverageMissingItem(TypedDict):
    taskId: str
    status: "TaskStatus"
    error: NotRequired[str]


class Coverage(TypedDict):
    succeeded: list[str]
    missing: list["CoverageMissingItem"]


class DeliveryAttemptsItem(TypedDict):
    at: str
    statusCode: NotRequired[int]
    error: NotRequired[str]


class Delivery(TypedDict):
    id: str
    type: str
    status: Literal["pending", "delivered", "failed"]
    attempts: list["DeliveryAttemptsItem"]
    nextAttemptAt: Union[str, None]


class DeliveryList(TypedDict):
    items: list["Delivery"]


class DryRunTasksItemFilesRead(TypedDict):
    read: NotRequired[list[str]]
    write: NotRequired[list[str]]


class DryRunTasksItem(TypedDict):
    id: str
    description: str
    executor: str
    model: NotRequired[str]
    escalate: NotRequired[list[str]]
    dependsOn: list[str]
    waitsFor: list[str]
    #: Files it reads, as globs relative to the workspace; or those it reads and those it writes. A
    #: folder stands for everything in it, and a glob that starts with `!` excludes files.
    files: NotRequired[Union[list[str], "DryRunTasksItemFilesRead"]]
    tools: NotRequired[list[str]]
    options: NotRequired[dict[str, Any]]
    timeoutMs: int
    attempts: int
    priority: int
    prompt: str


class DryRun(TypedDict):
    tasks: list["DryRunTasksItem"]
    waves: list[list[str]]
    overlaps: list["Overlap"]
    warnings: list["Advice"]
    advice: list["Advice"]
    estimate: "Estimate"


class Edits(TypedDict):
    base: str
    patch: str
    files: list[str]


class EstimateTokens(TypedDict):
    low: int
    high: int


class EstimateCostUsdLow(TypedDict):
    low: float
    high: float


class EstimateRelaxedCostUsdLow(TypedDict):
    low: float
    high: float


class EstimatePrices(TypedDict):
    source: str
    date: str


class EstimateVerification(TypedDict):
    maxCalls: int
    maxCostUsd: Union[float, None]


class Estimate(TypedDict):
    tasks: int
    tokens: "EstimateTokens"
    costUsd: Union["EstimateCostUsdLow", None]
    relaxedCostUsd: NotRequired[Union["EstimateRelaxedCostUsdLow", None]]
    prices: NotRequired["EstimatePrices"]
    unpricedModels: list[str]
    verification: NotRequired["EstimateVerification"]


class EvidenceCheck(TypedDict):
    kind: Literal["file", "line", "quote"]
    holds: bool


class ExecutorListItemsItemCapabilities(TypedDict):
    readsWorkspace: bool
    #: Whether a plan with a task for it must have a `workspace`.
    requiresWorkspace: bool
    writesWorkspace: bool
    usesModel: bool
    structuredOutput: bool
    #: Whether an attempt continues where an interrupted one stopped. Otherwise each attempt starts
    #: from the beginning.
    resumes: bool
    #: Whether a task that runs reads what is said to it by `…/messages`.
    readsMessages: bool


class ExecutorListItemsItem(TypedDict):
    name: str
    description: str
    available: bool
    reason: NotRequired[str]
    tools: list[str]
    capabilities: "ExecutorListItemsItemCapabilities"
    cost: Literal["none", "counted", "unknown"]
    options: dict[str, Any]


class ExecutorList(TypedDict):
    default: str
    defaultModel: Union[str, None]
    items: list["ExecutorListItemsItem"]


class Failure(TypedDict):
    code: str
    message: str


class FinishedPlanSynthesisStatus(TypedDict):
    status: Literal["pending", "running", "succeeded", "failed", "disabled"]
    version: int


class FinishedPlan(TypedDict):
    id: str
    title: str
    status: "PlanStatus"
    mode: Literal["parallel", "sequential"]
    counts: "Counts"
    waves: NotRequired[list[list[str]]]
    overlaps: NotRequired[list["Overlap"]]
    policy: "Policy"
    usage: "Usage"
    budget: NotRequired["Budget"]
    stopped: NotRequired["Failure"]
    #: Why a finished plan is not simply `succeeded`: `cancelled`, `aborted`, `plan-timeout`,
    #: `budget-exhausted`, `min-success`, `merge-conflict`, `edits-not-merged`, `tasks-not-succeeded`
    #: or `synthesis-failed`. The message lists all of them.
    reason: NotRequired["Failure"]
    synthesis: Union["Synthesis", "FinishedPlanSynthesisStatus"]
    metadata: dict[str, Any]
    createdAt: str
    startedAt: Union[str, None]
    finishedAt: Union[str, None]
    expiresAt: Union[str, None]
    links: dict[str, str]


class Health(TypedDict):
    status: Literal["ok"]


class LedgerEntry(TypedDict):
    finding: str
    fate: Literal["kept", "merged", "dropped", "refuted"]
    into: NotRequired[str]
    reason: NotRequired[str]


class MergedEditsConflictsItem(TypedDict):
    path: str
    tasks: list[str]
    base: NotRequired[str]
    ours: NotRequired[str]
    theirs: NotRequired[str]
    proposal: NotRequired[str]
    proposedBy: NotRequired[str]


class MergedEditsVerification(TypedDict):
    command: str
    status: Literal["passed", "failed", "not-run"]
    exitCode: NotRequired[int]
    reason: NotRequired[str]
    output: str


class MergedEdits(TypedDict):
    base: str
    commit: NotRequired[str]
    merged: list[str]
    conflicts: list["MergedEditsConflictsItem"]
    patch: str
    verification: NotRequired["MergedEditsVerification"]


class Message(TypedDict):
    id: str
    text: str


class OutputTaskFindingsItem(TypedDict):
    title: str
    severity: "Severity"
    confidence: float
    category: NotRequired[str]
    file: NotRequired[str]
    line: NotRequired[int]
    detail: NotRequired[str]
    evidence: NotRequired[str]
    recommendation: NotRequired[str]
    id: str


class OutputTask(TypedDict):
    id: str
    status: "TaskStatus"
    description: str
    output: str
    data: NotRequired[Any]
    findings: NotRequired[list["OutputTaskFindingsItem"]]
    edits: NotRequired["Edits"]
    reasoning: NotRequired[str]
    #: The end of what a command wrote to standard error, at most 64 KiB. Values of its environment
    #: are masked.
    stderr: NotRequired[str]
    usage: "Usage"
    #: The provider:model that answered last: a fallback if the requested model was not available, or
    #: one of `escalate` that took over.
    answeredBy: NotRequired[str]
    error: NotRequired["Failure"]


class Overlap(TypedDict):
    tasks: list[str]
    kind: Literal["write/write", "read/write"]
    files: list[str]
    fileCount: int


class PlanSynthesis(TypedDict):
    status: Literal["pending", "running", "succeeded", "failed", "disabled"]
    version: int


class Plan(TypedDict):
    id: str
    title: str
    status: "PlanStatus"
    mode: Literal["parallel", "sequential"]
    counts: "Counts"
    waves: NotRequired[list[list[str]]]
    overlaps: NotRequired[list["Overlap"]]
    policy: "Policy"
    usage: "Usage"
    budget: NotRequired["Budget"]
    stopped: NotRequired["Failure"]
    #: Why a finished plan is not simply `succeeded`: `cancelled`, `aborted`, `plan-timeout`,
    #: `budget-exhausted`, `min-success`, `merge-conflict`, `edits-not-merged`, `tasks-not-succeeded`
    #: or `synthesis-failed`. The message lists all of them.
    reason: NotRequired["Failure"]
    synthesis: "PlanSynthesis"
    metadata: dict[str, Any]
    createdAt: str
    startedAt: Union[str, None]
    finishedAt: Union[str, None]
    expiresAt: Union[str, None]
    links: dict[str, str]


class PlanPage(TypedDict):
    items: list["Plan"]
    nextCursor: Union[str, None]


PlanStatus = Literal["queued", "running", "synthesizing", "succeeded", "partial", "failed", "cancelled"]


class PolicyVerify(TypedDict):
    #: How many independent calls judge a finding at most; they stop once a majority agrees.
    votes: Literal[1, 3, 5]
    #: Findings that are less severe are not judged.
    minSeverity: "Severity"
    #: `provider:model`; the service's default model if absent.
    model: NotRequired[str]
    #: The share of `budgetUsd` that these calls may cost.
    maxShare: float


class Policy(TypedDict):
    #: How many of its tasks may run at once.
    maxConcurrency: NotRequired[int]
    #: How many tasks the plan may come to have, with those that are added later; by default as many
    #: as one submission may have.
    maxTasks: NotRequired[int]
    #: Whether a failed task stops the rest.
    onFailure: Literal["continue", "abort"]
    #: The share of tasks that must succeed; otherwise the plan has failed.
    minSuccess: float
    #: What to do when a task writes files that another one reads or writes: refuse the plan, run the
    #: tasks one after another, or give each task its own copy.
    onOverlap: Literal["reject", "serialize", "isolate"]
    #: What the plan may cost; it stops before it costs more.
    budgetUsd: NotRequired[float]
    #: How long the plan may take, in milliseconds.
    timeoutMs: NotRequired[int]
    #: `relaxed`: model calls of tasks without tools, and of partial syntheses, go out together as a
    #: batch of their provider (Anthropic, OpenAI), which takes hours and costs half.
    urgency: NotRequired[Literal["normal", "relaxed"]]
    #: For a `relaxed` plan: calls that are not back this many milliseconds after its submission are
    #: cancelled and made live. 24 hours if absent.
    deadlineMs: NotRequired[int]
    #: Has a model judge each finding of the synthesis, seeing the file but not how its author
    #: reached it. Findings that a majority refutes are left out of the summary and the actions.
    verify: NotRequired["PolicyVerify"]


class PolicyInputVerify(TypedDict):
    #: How many independent calls judge a finding at most; they stop once a majority agrees.
    votes: NotRequired[Literal[1, 3, 5]]
    #: Findings that are less severe are not judged.
    minSeverity: NotRequired["Severity"]
    #: `provider:model`; the service's default model if absent.
    model: NotRequired[str]
    #: The share of `budgetUsd` that these calls may cost.
    maxShare: NotRequired[float]


class PolicyInput(TypedDict):
    #: How many of its tasks may run at once.
    maxConcurrency: NotRequired[int]
    #: How many tasks the plan may come to have, with those that are added later; by default as many
    #: as one submission may have.
    maxTasks: NotRequired[int]
    #: Whether a failed task stops the rest.
    onFailure: NotRequired[Literal["continue", "abort"]]
    #: The share of tasks that must succeed; otherwise the plan has failed.
    minSuccess: NotRequired[float]
    #: What to do when a task writes files that another one reads or writes: refuse the plan, run the
    #: tasks one after another, or give each task its own copy.
    onOverlap: NotRequired[Literal["reject", "serialize", "isolate"]]
    #: What the plan may cost; it stops before it costs more.
    budgetUsd: NotRequired[float]
    #: How long the plan may take, in milliseconds.
    timeoutMs: NotRequired[int]
    #: `relaxed`: model calls of tasks without tools, and of partial syntheses, go out together as a
    #: batch of their provider (Anthropic, OpenAI), which takes hours and costs half.
    urgency: NotRequired[Literal["normal", "relaxed"]]
    #: For a `relaxed` plan: calls that are not back this many milliseconds after its submission are
    #: cancelled and made live. 24 hours if absent.
    deadlineMs: NotRequired[int]
    #: Has a model judge each finding of the synthesis, seeing the file but not how its author
    #: reached it. Findings that a majority refutes are left out of the summary and the actions.
    verify: NotRequired["PolicyInputVerify"]


class PostMessage(TypedDict):
    text: str


class PreviousRunFixedItem(TypedDict):
    id: str
    title: str
    severity: "Severity"
    file: NotRequired[str]
    line: NotRequired[int]


class PreviousRunUncheckedItem(TypedDict):
    id: str
    title: str
    severity: "Severity"
    file: NotRequired[str]
    line: NotRequired[int]


class PreviousRun(TypedDict):
    planId: str
    version: int
    fixed: list["PreviousRunFixedItem"]
    unchecked: list["PreviousRunUncheckedItem"]


class ProblemErrorsItem(TypedDict):
    #: A JSON Pointer into the body, `?name` or `header:name`.
    pointer: str
    detail: str


class Problem(TypedDict):
    #: `/problems/<code>`: where a page explains the code.
    type: str
    title: str
    status: int
    #: Switch on this; codes are added, never renamed.
    code: str
    detail: NotRequired[str]
    #: The id of the request, as in `X-Request-Id`.
    instance: NotRequired[str]
    errors: NotRequired[list["ProblemErrorsItem"]]
    #: `false` with a 503: nothing of the request was started, so it may be repeated. If absent, the
    #: request may have been carried out.
    begun: NotRequired[Literal[False]]


class Provider(TypedDict):
    key: str
    heldUntil: Union[str, None]
    concurrency: Union[int, None]


class Queue(TypedDict):
    name: str
    shard: int
    waiting: int
    active: int
    delayed: int


class ReportQueueWaitMs(TypedDict):
    p50: float
    p95: float
    max: float


class ReportStragglersItem(TypedDict):
    taskId: str
    durationMs: float
    timesMedian: float


class ReportCostEstimateUsdLow(TypedDict):
    low: float
    high: float


class ReportCostTopTasksItem(TypedDict):
    taskId: str
    costUsd: float


class ReportCost(TypedDict):
    #: Of the tasks, all their attempts included.
    tasksUsd: float
    #: The rest: every synthesis, and the planner of a goal.
    synthesisUsd: float
    #: The estimate of a dry run; `null` if no model would be called or a price is unknown.
    estimateUsd: Union["ReportCostEstimateUsdLow", None]
    #: The ten dearest, the dearest first.
    topTasks: list["ReportCostTopTasksItem"]


class ReportDiagnosticsItem(TypedDict):
    code: str
    message: str


class Report(TypedDict):
    #: From the first task's start to the last one's end, or until now, without `idleMs`.
    wallMs: float
    #: Time in between with nothing to run, for example before a retry an hour later.
    idleMs: float
    #: The sum of the task times. Those that shared the cores of a machine took longer than they
    #: would have alone.
    sumOfTaskMs: float
    #: How long of `sumOfTaskMs` the tasks kept each other waiting for a core of their machine.
    #: Running in parallel saves none of it. 0 where workers do not run on Linux.
    coreWaitMs: float
    #: Estimated: `(sumOfTaskMs - coreWaitMs) / wallMs`, how many times as fast the tasks ran as one
    #: after another.
    speedup: float
    #: `sumOfTaskMs / wallMs`: how many tasks ran at once on average.
    effectiveParallelism: float
    criticalPathMs: float
    queueWaitMs: "ReportQueueWaitMs"
    stragglers: list["ReportStragglersItem"]
    usage: "Usage"
    cost: "ReportCost"
    diagnostics: list["ReportDiagnosticsItem"]


class RequestedSynthesis(TypedDict):
    version: int
    links: dict[str, str]


class ResumePlan(TypedDict):
    #: The new budget of the whole plan, in US dollars, including what has been spent.
    budgetUsd: float


class RetryTasks(TypedDict):
    #: Ids of the tasks. With `status`, only those that have it.
    tasks: NotRequired[list[str]]
    #: All tasks that ended with one of these statuses.
    status: NotRequired[list[Literal["succeeded", "incomplete", "failed", "cancelled", "skipped"]]]


Severity = Literal["critical", "high", "medium", "low", "info"]


class StepToolCallsItem(TypedDict):
    id: str
    name: str
    arguments: Any
    #: In lists, the total number of characters if only the first 2,000 are included; `links.self`
    #: has them all.
    argumentsCharacters: NotRequired[int]
    result: Any
    #: In lists, the total number of characters if only the first 2,000 are included; `links.self`
    #: has them all. A task keeps 8 MB; beyond that, its oldest results are permanently shortened and
    #: say so.
    resultCharacters: NotRequired[int]
    isError: bool


class Step(TypedDict):
    #: In order, across all attempts at the task.
    number: int
    attempt: int
    #: An answer of a model, or what a person said to it before its next one.
    kind: Literal["model", "message"]
    #: The `provider:model` that answered.
    model: NotRequired[str]
    text: str
    #: The reasoning of the model, if its provider reports it.
    reasoning: NotRequired[str]
    toolCalls: list["StepToolCallsItem"]
    usage: "Usage"
    startedAt: str
    #: `null` while its tools run.
    finishedAt: Union[str, None]
    links: dict[str, str]


class StepPage(TypedDict):
    items: list["Step"]
    nextCursor: Union[str, None]


StoredSubmission = dict[str, Any]


class SubmitPlanTasksItemFilesRead(TypedDict):
    read: NotRequired[list[str]]
    write: NotRequired[list[str]]


class SubmitPlanTasksItemCache(TypedDict):
    #: `reuse`: takes the output of a task of an earlier plan if everything that it depends on is the
    #: same. `refresh`: runs, and may be reused later. `off`: neither.
    mode: Literal["reuse", "refresh", "off"]
    #: How old a reused output may be, in milliseconds; any age if absent.
    maxAgeMs: NotRequired[int]


class SubmitPlanTasksItem(TypedDict):
    #: Unique in the plan; `task-1`, `task-2` … by default.
    id: NotRequired[str]
    #: Three to five words, for lists.
    description: NotRequired[str]
    #: Who does it: `Security specialist`.
    role: NotRequired[str]
    #: What to do.
    task: NotRequired[str]
    #: What only this task must know; the plan has a shared context.
    context: NotRequired[str]
    #: Files it reads, as globs relative to the workspace; or those it reads and those it writes. A
    #: folder stands for everything in it, and a glob that starts with `!` excludes files.
    files: NotRequired[Union[list[str], "SubmitPlanTasksItemFilesRead"]]
    #: What the output should look like.
    outputFormat: NotRequired[str]
    #: What matters most, in order of importance.
    focusAreas: NotRequired[list[str]]
    #: The whole prompt, instead of role, task, context, outputFormat and focusAreas.
    prompt: NotRequired[str]
    #: A JSON Schema that the output must satisfy.
    outputSchema: NotRequired[dict[str, Any]]
    #: Tasks that must succeed first; their outputs become part of the prompt.
    dependsOn: NotRequired[list[str]]
    #: What runs it, one of `GET /v1/executors`.
    executor: NotRequired[str]
    #: `provider:model`.
    model: NotRequired[str]
    #: Models that take over, in this order and within the same attempt, when the one before ends
    #: `incomplete` or its answer does not match the schema; `provider:model`. Only for the executor
    #: `model`.
    escalate: NotRequired[list[str]]
    #: Which of the executor's tools it may use; by default all, but those that write only with
    #: `files.write`. A task that asks for `write`, `edit`, `delete` or `run` without `files.write`
    #: may write `files`, or every file if there are none.
    tools: NotRequired[list[str]]
    #: Options that only the executor interprets.
    options: NotRequired[dict[str, Any]]
    #: How long one attempt may take, in milliseconds.
    timeoutMs: NotRequired[int]
    #: How many attempts it gets in total.
    attempts: NotRequired[int]
    #: Whether outputs of earlier plans are reused; `off` by default.
    cache: NotRequired["SubmitPlanTasksItemCache"]
    #: Among waiting tasks, those with a higher number run first.
    priority: NotRequired[int]


class SubmitPlanPatternDirectoriesTaskFilesRead(TypedDict):
    read: NotRequired[list[str]]
    write: NotRequired[list[str]]


class SubmitPlanPatternDirectoriesTaskCache(TypedDict):
    #: `reuse`: takes the output of a task of an earlier plan if everything that it depends on is the
    #: same. `refresh`: runs, and may be reused later. `off`: neither.
    mode: Literal["reuse", "refresh", "off"]
    #: How old a reused output may be, in milliseconds; any age if absent.
    maxAgeMs: NotRequired[int]


class SubmitPlanPatternDirectoriesTask(TypedDict):
    #: Unique in the plan; `task-1`, `task-2` … by default.
    id: NotRequired[str]
    #: Three to five words, for lists.
    description: NotRequired[str]
    #: Who does it: `Security specialist`.
    role: NotRequired[str]
    #: What to do.
    task: NotRequired[str]
    #: What only this task must know; the plan has a shared context.
    context: NotRequired[str]
    #: Files it reads, as globs relative to the workspace; or those it reads and those it writes. A
    #: folder stands for everything in it, and a glob that starts with `!` excludes files.
    files: NotRequired[Union[list[str], "SubmitPlanPatternDirectoriesTaskFilesRead"]]
    #: What the output should look like.
    outputFormat: NotRequired[str]
    #: What matters most, in order of importance.
    focusAreas: NotRequired[list[str]]
    #: The whole prompt, instead of role, task, context, outputFormat and focusAreas.
    prompt: NotRequired[str]
    #: A JSON Schema that the output must satisfy.
    outputSchema: NotRequired[dict[str, Any]]
    #: Tasks that must succeed first; their outputs become part of the prompt.
    dependsOn: NotRequired[list[str]]
    #: What runs it, one of `GET /v1/executors`.
    executor: NotRequired[str]
    #: `provider:model`.
    model: NotRequired[str]
    #: Models that take over, in this order and within the same attempt, when the one before ends
    #: `incomplete` or its answer does not match the schema; `provider:model`. Only for the executor
    #: `model`.
    escalate: NotRequired[list[str]]
    #: Which of the executor's tools it may use; by default all, but those that write only with
    #: `files.write`. A task that asks for `write`, `edit`, `delete` or `run` without `files.write`
    #: may write `files`, or every file if there are none.
    tools: NotRequired[list[str]]
    #: Options that only the executor interprets.
    options: NotRequired[dict[str, Any]]
    #: How long one attempt may take, in milliseconds.
    timeoutMs: NotRequired[int]
    #: How many attempts it gets in total.
    attempts: NotRequired[int]
    #: Whether outputs of earlier plans are reused; `off` by default.
    cache: NotRequired["SubmitPlanPatternDirectoriesTaskCache"]
    #: Among waiting tasks, those with a higher number run first.
    priority: NotRequired[int]


class SubmitPlanPatternDirectories(TypedDict):
    kind: Literal["directories"]
    directories: list[str]
    #: A template: `{{directory}}` stands for each directory.
    task: "SubmitPlanPatternDirectoriesTask"


class SubmitPlanPatternPerspectivesTaskFilesRead(TypedDict):
    read: NotRequired[list[str]]
    write: NotRequired[list[str]]


class SubmitPlanPatternPerspectivesTaskCache(TypedDict):
    #: `reuse`: takes the output of a task of an earlier plan if everything that it depends on is the
    #: same. `refresh`: runs, and may be reused later. `off`: neither.
    mode: Literal["reuse", "refresh", "off"]
    #: How old a reused output may be, in milliseconds; any age if absent.
    maxAgeMs: NotRequired[int]


class SubmitPlanPatternPerspectivesTask(TypedDict):
    #: Unique in the plan; `task-1`, `task-2` … by default.
    id: NotRequired[str]
    #: Three to five words, for lists.
    description: NotRequired[str]
    #: Who does it: `Security specialist`.
    role: NotRequired[str]
    #: What to do.
    task: NotRequired[str]
    #: What only this task must know; the plan has a shared context.
    context: NotRequired[str]
    #: Files it reads, as globs relative to the workspace; or those it reads and those it writes. A
    #: folder stands for everything in it, and a glob that starts with `!` excludes files.
    files: NotRequired[Union[list[str], "SubmitPlanPatternPerspectivesTaskFilesRead"]]
    #: What the output should look like.
    outputFormat: NotRequired[str]
    #: What matters most, in order of importance.
    focusAreas: NotRequired[list[str]]
    #: The whole prompt, instead of role, task, context, outputFormat and focusAreas.
    prompt: NotRequired[str]
    #: A JSON Schema that the output must satisfy.
    outputSchema: NotRequired[dict[str, Any]]
    #: Tasks that must succeed first; their outputs become part of the prompt.
    dependsOn: NotRequired[list[str]]
    #: What runs it, one of `GET /v1/executors`.
    executor: NotRequired[str]
    #: `provider:model`.
    model: NotRequired[str]
    #: Models that take over, in this order and within the same attempt, when the one before ends
    #: `incomplete` or its answer does not match the schema; `provider:model`. Only for the executor
    #: `model`.
    escalate: NotRequired[list[str]]
    #: Which of the executor's tools it may use; by default all, but those that write only with
    #: `files.write`. A task that asks for `write`, `edit`, `delete` or `run` without `files.write`
    #: may write `files`, or every file if there are none.
    tools: NotRequired[list[str]]
    #: Options that only the executor interprets.
    options: NotRequired[dict[str, Any]]
    #: How long one attempt may take, in milliseconds.
    timeoutMs: NotRequired[int]
    #: How many attempts it gets in total.
    attempts: NotRequired[int]
    #: Whether outputs of earlier plans are reused; `off` by default.
    cache: NotRequired["SubmitPlanPatternPerspectivesTaskCache"]
    #: Among waiting tasks, those with a higher number run first.
    priority: NotRequired[int]


class SubmitPlanPatternPerspectives(TypedDict):
    kind: Literal["perspectives"]
    perspectives: list[str]
    #: A template: `{{perspective}}` stands for each perspective.
    task: "SubmitPlanPatternPerspectivesTask"


class SubmitPlanWorkspacePath(TypedDict):
    path: str
    #: A command whose exit code says whether the merged edits work, such as `npm test`. The operator
    #: must allow it in TUTTI_RUN. It is not run by a shell.
    verify: NotRequired[str]
    #: Adds a task after all others, with the settings of the first one that writes. If `verify`
    #: fails on their merged edits, the task gets the output and repairs what fails.
    repair: NotRequired[bool]


class SubmitPlanWorkspaceGitGit(TypedDict):
    url: str
    ref: NotRequired[str]
    credential: NotRequired[str]


class SubmitPlanWorkspaceGit(TypedDict):
    git: "SubmitPlanWorkspaceGitGit"
    #: A command whose exit code says whether the merged edits work, such as `npm test`. The operator
    #: must allow it in TUTTI_RUN. It is not run by a shell.
    verify: NotRequired[str]
    #: Adds a task after all others, with the settings of the first one that writes. If `verify`
    #: fails on their merged edits, the task gets the output and repairs what fails.
    repair: NotRequired[bool]


class SubmitPlanWorkspaceFiles(TypedDict):
    files: dict[str, str]
    #: A command whose exit code says whether the merged edits work, such as `npm test`. The operator
    #: must allow it in TUTTI_RUN. It is not run by a shell.
    verify: NotRequired[str]
    #: Adds a task after all others, with the settings of the first one that writes. If `verify`
    #: fails on their merged edits, the task gets the output and repairs what fails.
    repair: NotRequired[bool]


class SubmitPlanCache(TypedDict):
    #: `reuse`: takes the output of a task of an earlier plan if everything that it depends on is the
    #: same. `refresh`: runs, and may be reused later. `off`: neither.
    mode: Literal["reuse", "refresh", "off"]
    #: How old a reused output may be, in milliseconds; any age if absent.
    maxAgeMs: NotRequired[int]


class SubmitPlanSynthesisExecutor(TypedDict):
    #: Who writes it: a model, or the deterministic merge.
    executor: NotRequired[Literal["model", "merge"]]
    #: `provider:model`.
    model: NotRequired[str]
    #: What the synthesis should pay attention to.
    instructions: NotRequired[str]
    #: A JSON Schema of the synthesis's `data`.
    outputSchema: NotRequired[dict[str, Any]]
    #: Writes a preliminary version each time this many more tasks have ended.
    every: NotRequired[int]
    #: An earlier plan: what is new, still there or fixed since.
    compareWith: NotRequired[str]


class SubmitPlanWebhook(TypedDict):
    url: str
    events: NotRequired[list[Literal["plan.finished", "plan.started", "task.finished", "step.finished", "tasks.added", "synthesis.finished"]]]


class SubmitPlan(TypedDict):
    #: For lists.
    title: NotRequired[str]
    #: Shared by every task, and sent first in every prompt.
    context: NotRequired[str]
    #: The tasks. Exactly one of `tasks`, `pattern` and `goal` is given.
    tasks: NotRequired[list["SubmitPlanTasksItem"]]
    #: One task for each directory or perspective.
    pattern: NotRequired[Union["SubmitPlanPatternDirectories", "SubmitPlanPatternPerspectives"]]
    #: What to achieve: a planner model writes the tasks.
    goal: NotRequired[str]
    #: `sequential`: one task in progress at a time.
    mode: NotRequired[Literal["parallel", "sequential"]]
    #: Limits, and what to do when something fails or collides.
    policy: NotRequired["PolicyInput"]
    #: The files the plan works on: a folder that the operator allows, a git repository, or the files
    #: themselves.
    workspace: NotRequired[Union["SubmitPlanWorkspacePath", "SubmitPlanWorkspaceGit", "SubmitPlanWorkspaceFiles"]]
    #: Whether outputs of earlier plans are reused; `off` by default.
    cache: NotRequired["SubmitPlanCache"]
    #: How the outputs become one result; `false` for none.
    synthesis: NotRequired[Union[Literal[False], "SubmitPlanSynthesisExecutor"]]
    #: Where to report changes, signed as the Standard Webhooks specification says.
    webhook: NotRequired["SubmitPlanWebhook"]
    #: The caller's own data, returned unchanged; at most 16 KiB.
    metadata: NotRequired[dict[str, Any]]


class Synthesis(TypedDict):
    version: int
    status: Literal["succeeded", "failed"]
    executor: Literal["model", "merge"]
    model: NotRequired[str]
    createdAt: str
    preliminary: bool
    summary: str
    findings: list["SynthesisFinding"]
    conflicts: list["Conflict"]
    actions: list["Action"]
    ledger: list["LedgerEntry"]
    coverage: "Coverage"
    edits: NotRequired["MergedEdits"]
    previous: NotRequired["PreviousRun"]
    data: NotRequired[Any]
    notes: list[str]
    usage: "Usage"


class SynthesisFindingChangeNew(TypedDict):
    kind: Literal["new"]


class SynthesisFindingChangeStill(TypedDict):
    kind: Literal["still"]
    was: str


class SynthesisFinding(TypedDict):
    id: str
    title: str
    severity: "Severity"
    confidence: float
    category: NotRequired[str]
    file: NotRequired[str]
    line: NotRequired[int]
    detail: str
    recommendation: NotRequired[str]
    sources: list[str]
    verification: NotRequired["Verification"]
    change: NotRequired[Union["SynthesisFindingChangeNew", "SynthesisFindingChangeStill"]]


class SynthesisList(TypedDict):
    items: list["Synthesis"]


class TaskDetailTimings(TypedDict):
    queuedAt: str
    startedAt: Union[str, None]
    finishedAt: Union[str, None]


class TaskDetailCachedFrom(TypedDict):
    planId: str
    taskId: str


class TaskDetailFilesRead(TypedDict):
    read: NotRequired[list[str]]
    write: NotRequired[list[str]]


class TaskDetail(TypedDict):
    id: str
    description: str
    status: "TaskStatus"
    executor: str
    model: NotRequired[str]
    dependsOn: list[str]
    wave: int
    attemptCount: int
    maxAttempts: int
    timings: "TaskDetailTimings"
    usage: "Usage"
    #: The provider:model that answered last: a fallback if the requested model was not available, or
    #: one of `escalate` that took over.
    answeredBy: NotRequired[str]
    #: The task of an earlier plan whose output was reused; it was not run again.
    cachedFrom: NotRequired["TaskDetailCachedFrom"]
    error: NotRequired["Failure"]
    #: What it waits for while it is queued.
    waitingFor: NotRequired[list["WaitingFor"]]
    links: dict[str, str]
    attempts: list["Attempt"]
    timeoutMs: int
    priority: int
    #: Files it reads, as globs relative to the workspace; or those it reads and those it writes. A
    #: folder stands for everything in it, and a glob that starts with `!` excludes files.
    files: NotRequired[Union[list[str], "TaskDetailFilesRead"]]
    prompt: str


class TaskOutput(TypedDict):
    retrievalStatus: Literal["success", "timeout", "not_ready"]
    task: "OutputTask"


class TaskPage(TypedDict):
    items: list["TaskSummary"]
    nextCursor: Union[str, None]


TaskStatus = Literal["queued", "running", "succeeded", "incomplete", "failed", "cancelled", "skipped"]


class TaskSummaryTimings(TypedDict):
    queuedAt: str
    startedAt: Union[str, None]
    finishedAt: Union[str, None]


class TaskSummaryCachedFrom(TypedDict):
    planId: str
    taskId: str


class TaskSummary(TypedDict):
    id: str
    description: str
    status: "TaskStatus"
    executor: str
    model: NotRequired[str]
    dependsOn: list[str]
    wave: int
    attemptCount: int
    maxAttempts: int
    timings: "TaskSummaryTimings"
    usage: "Usage"
    #: The provider:model that answered last: a fallback if the requested model was not available, or
    #: one of `escalate` that took over.
    answeredBy: NotRequired[str]
    #: The task of an earlier plan whose output was reused; it was not run again.
    cachedFrom: NotRequired["TaskSummaryCachedFrom"]
    error: NotRequired["Failure"]
    #: What it waits for while it is queued.
    waitingFor: NotRequired[list["WaitingFor"]]
    links: dict[str, str]


class TodosTodosItem(TypedDict):
    content: str
    status: Literal["pending", "in_progress", "completed"]
    activeForm: str


class Todos(TypedDict):
    todos: list["TodosTodosItem"]


class Usage(TypedDict):
    inputTokens: int
    outputTokens: int
    cacheReadTokens: int
    cacheWriteTokens: int
    steps: int
    costUsd: float


class Verification(TypedDict):
    status: Literal["confirmed", "refuted", "unverified"]
    votes: NotRequired[list["Vote"]]
    checks: list["EvidenceCheck"]


class Vote(TypedDict):
    verdict: Literal["confirmed", "refuted", "unsure"]
    reason: str


class WaitingForDependency(TypedDict):
    #: Another task has to succeed first.
    kind: Literal["dependency"]
    taskId: str
    status: "TaskStatus"


class WaitingForLimit(TypedDict):
    #: The plan already runs as many tasks as its policy allows.
    kind: Literal["limit"]
    running: int
    maxConcurrency: int


class WaitingForWorker(TypedDict):
    #: No live worker has the executor.
    kind: Literal["worker"]
    executor: str


class WaitingForProvider(TypedDict):
    #: The provider of the model asked all workers to wait.
    kind: Literal["provider"]
    model: str
    until: str


class WaitingForSlot(TypedDict):
    #: Its turn on one of the workers that have the executor.
    kind: Literal["slot"]
    workers: int
    #: When it is retried after a failed attempt.
    notBefore: NotRequired[str]


WaitingFor = Union["WaitingForDependency", "WaitingForLimit", "WaitingForWorker", "WaitingForProvider", "WaitingForSlot"]


class Worker(TypedDict):
    id: str
    host: str
    pid: int
    version: str
    startedAt: str
    lastSeenAt: str
    concurrency: int
    running: int
    executors: list[str]


class Workers(TypedDict):
    workers: list["Worker"]
    queues: list["Queue"]
    providers: list["Provider"]
