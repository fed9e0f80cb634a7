import type { Logger } from 'pino'
import { pricesWith } from '../../core/budget/prices.ts'
import { prefixGate } from '../../core/model-gate/prefix-gate.ts'
import type { Executor } from '../../core/ports/executor.ts'
import type {
  ClaimVerifier,
  ConflictResolver,
  GoalPlanner,
  ModelSynthesizer,
} from '../../core/ports/models.ts'
import type { Programs } from '../../core/ports/programs.ts'
import type { ProviderBatchStore } from '../../core/ports/provider-batches.ts'
import { NO_TRACER, type Tracer } from '../../core/ports/tracing.ts'
import { acpExecutor } from '../../executors/acp/acp-executor.ts'
import { claudeAgentExecutor } from '../../executors/claude-agent/claude-agent-executor.ts'
import { commandExecutor } from '../../executors/command/command-executor.ts'
import { echoExecutor } from '../../executors/echo.ts'
import { httpExecutor } from '../../executors/http/http-executor.ts'
import { localModelGate } from '../../executors/model/calls/local-gate.ts'
import { modelClaimVerifier } from '../../executors/model/claim-verifier.ts'
import { modelConflictResolver } from '../../executors/model/conflict-resolver.ts'
import { modelExecutor } from '../../executors/model/executor.ts'
import type { ModelSetup } from '../../executors/model/options.ts'
import { modelPlanner } from '../../executors/model/planner.ts'
import { batchLane } from '../../executors/model/provider-batches/batch-lane.ts'
import type { BatchLane } from '../../executors/model/provider-batches/lane.ts'
import { batchClient } from '../../executors/model/provider-batches/provider-client.ts'
import { modelSynthesizer } from '../../executors/model/synthesizer.ts'
import { allowedPrograms } from '../../executors/sandbox/programs.ts'
import { staticExecutor } from '../../executors/static/static-executor.ts'
import { type Config, EnvironmentError, providersOf } from '../config.ts'
import { faultLog } from '../fault-log.ts'
import { watchedGate } from './open-metrics.ts'
import type { ModelGates } from './open-model-gates.ts'
import type { Reading } from './open-reading.ts'

export interface Executors {
  byName: ReadonlyMap<string, Executor>
  defaultName: string
  /** Those that agents may run, and that verify merged edits. */
  programs?: Programs
  /** Writes syntheses; undefined if there is no default model. */
  synthesizer: ModelSynthesizer | undefined
  /** Proposes resolutions for files in conflict; undefined likewise. */
  resolver: ConflictResolver | undefined
  /** Judges findings of syntheses; undefined likewise. */
  verifier: ClaimVerifier | undefined
  /** Plans the tasks for a goal; undefined likewise. */
  planner: GoalPlanner | undefined
  /** Hands over what is under way with batches of providers. */
  closeBatches(): Promise<void>
  /** Calls back whenever a provider asks for a pause, or for fewer concurrent calls. */
  onHold(listener: () => void): void
}

function openBatchLane(store: ProviderBatchStore, config: Config, log: Logger): BatchLane {
  const providers = providersOf(config)
  const faults = faultLog(log)
  return batchLane({
    store,
    clientOf: (model) => batchClient(model, providers),
    onFault: (err, planId) => faults(err, 'provider batch fault', { planId }),
  })
}

/**
 * `gates` are shared with other processes; without them, this process has its own. Without
 * `reading`, outputs are read on this thread.
 */
export function openExecutors(
  config: Config,
  log: Logger,
  gates: ModelGates = { gate: localModelGate(), prefixes: prefixGate({ now: Date.now }) },
  tracer: Tracer = NO_TRACER,
  reading?: Pick<Reading, 'readOutput' | 'schemas'>,
): Executors {
  let onHold: () => void = () => undefined
  const setup: ModelSetup = {
    gate: watchedGate(gates.gate, () => onHold()),
    prefixes: gates.prefixes,
    batches: gates.batches && openBatchLane(gates.batches, config, log),
    providers: providersOf(config),
    defaultModel: config.TUTTI_MODEL,
    prices: pricesWith(config.TUTTI_PRICES),
    log,
    tracer,
    ...(reading === undefined ? {} : { schemas: reading.schemas }),
  }
  const read = reading?.readOutput
  const programs = allowedPrograms(config.TUTTI_RUN, { atOnce: config.TUTTI_CPU_CONCURRENCY })
  const model = modelExecutor({ ...setup, mcpServers: config.TUTTI_MCP_SERVERS, programs })
  const claudeAgent = claudeAgentExecutor({
    apiKey: config.ANTHROPIC_API_KEY,
    baseUrl: config.ANTHROPIC_BASE_URL,
    defaultModel: config.TUTTI_MODEL,
    gate: setup.gate,
    read,
  })
  const command = commandExecutor({ commands: config.TUTTI_COMMANDS, read })
  const acp = acpExecutor({ agents: config.TUTTI_ACP_AGENTS, read })
  const http = httpExecutor({ agents: config.TUTTI_AGENTS, read })
  const all: Executor[] = [model, claudeAgent, staticExecutor(), command, acp, http, echoExecutor]
  const byName = new Map(all.map((executor) => [executor.name, executor]))
  const usesModels = model.describe().available && config.TUTTI_MODEL !== undefined
  const defaultName = config.TUTTI_EXECUTOR ?? (usesModels ? 'model' : 'static')
  if (!byName.has(defaultName)) {
    throw new EnvironmentError([
      `TUTTI_EXECUTOR is ${defaultName}, which must be one of ${[...byName.keys()].join(', ')}`,
    ])
  }
  return {
    byName,
    defaultName,
    programs,
    synthesizer: usesModels ? modelSynthesizer(setup) : undefined,
    resolver: usesModels ? modelConflictResolver(setup) : undefined,
    verifier: usesModels ? modelClaimVerifier(setup) : undefined,
    planner: usesModels ? modelPlanner(setup) : undefined,
    closeBatches: () => setup.batches?.close() ?? Promise.resolve(),
    onHold(listener) {
      onHold = listener
    },
  }
}
