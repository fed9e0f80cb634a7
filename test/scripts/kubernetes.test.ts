import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ScaledObject } from '@kubernetes-models/keda/keda.sh/v1alpha1/ScaledObject'
import { Deployment } from 'kubernetes-models/apps/v1/Deployment'
import { StatefulSet } from 'kubernetes-models/apps/v1/StatefulSet'
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget'
import { ConfigMap } from 'kubernetes-models/v1/ConfigMap'
import { Namespace } from 'kubernetes-models/v1/Namespace'
import { Service } from 'kubernetes-models/v1/Service'
import { describe, expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { loadConfig } from '../../src/main/config.ts'
import { Environment } from '../../src/main/environment.ts'

const ROOT = join(import.meta.dirname, '../..')
const FOLDER = join(ROOT, 'deploy/kubernetes')

interface Manifest {
  kind: string
  metadata: { name: string }
}
interface Container {
  name: string
  image: string
  args: string[]
  env?: { name: string; value: string }[]
  ports?: { name: string; containerPort: number }[]
  livenessProbe?: { httpGet: { path: string; port: string } }
  readinessProbe?: { httpGet: { path: string; port: string } }
  securityContext: Record<string, unknown>
}
interface Workload extends Manifest {
  spec: {
    replicas?: number
    selector: { matchLabels: Record<string, string> }
    template: {
      metadata: { labels: Record<string, string> }
      spec: {
        terminationGracePeriodSeconds: number
        securityContext: Record<string, unknown>
        containers: [Container]
      }
    }
  }
}

const { resources } = read<{ resources: string[] }>('kustomization.yaml')[0] ?? { resources: [] }
const manifests = resources.flatMap((file) => read<Manifest>(file))

function read<T>(file: string): T[] {
  return parse(readFileSync(join(FOLDER, file), 'utf8')) as T[]
}

/** @throws On YAML that is wrong, such as a key that is there twice. */
function parse(text: string): unknown[] {
  return parseAllDocuments(text, { strict: true, uniqueKeys: true }).map((document) => {
    const [error] = document.errors
    if (error !== undefined) throw error
    return document.toJS() as unknown
  })
}

function find<T extends Manifest>(kind: string, name: string): T {
  const found = manifests.find((entry) => entry.kind === kind && entry.metadata.name === name)
  if (found === undefined) throw new Error(`no ${kind} ${name}`)
  return found as T
}

const MODELS: Record<string, new (manifest: never) => { validate(): void }> = {
  ConfigMap,
  Deployment,
  Namespace,
  PodDisruptionBudget,
  ScaledObject,
  Service,
  StatefulSet,
}

/**
 * Checks a manifest against the schema of its kind, as strictly as a cluster does with strict field validation.
 *
 * @throws Any error names the wrong field.
 */
function validate(manifest: Manifest): void {
  const Model = MODELS[manifest.kind]
  if (Model === undefined) throw new Error(`no schema for ${manifest.kind}`)
  // The schemas pass over fields that they do not know, so a field that none of them reads is unknown.
  const seen = new Set<string>()
  const model = new Model(manifest as never)
  model.validate.call(watched(model, '', seen))
  const unknown = pathsIn(manifest, '').find((path) => !seen.has(path))
  if (unknown !== undefined) throw new Error(`${unknown} is not a known field`)
}

/** The same value, which notes the paths that are read in it. */
function watched<T>(value: T, path: string, seen: Set<string>): T {
  if (typeof value !== 'object' || value === null) return value
  return new Proxy(value, {
    get(target, key) {
      const inner: unknown = Reflect.get(target, key)
      if (typeof key !== 'string') return inner
      seen.add(`${path}/${key}`)
      return watched(inner, `${path}/${key}`, seen)
    },
  })
}

function pathsIn(value: unknown, path: string): string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => [
    `${path}/${key}`,
    ...pathsIn(inner, `${path}/${key}`),
  ])
}

const workloads = manifests.filter((entry): entry is Workload =>
  ['Deployment', 'StatefulSet'].includes(entry.kind),
)
const api = find<Workload>('Deployment', 'tutti-api')
const worker = find<Workload>('Deployment', 'tutti-worker')
const { data: configuration } = find<Manifest & { data: Record<string, string> }>(
  'ConfigMap',
  'tutti',
)

describe('the Kubernetes manifests', () => {
  test.each(manifests.map((entry) => [`${entry.kind} ${entry.metadata.name}`, entry] as const))(
    '%s fits its schema',
    (_, manifest) => {
      expect(() => validate(manifest)).not.toThrow()
    },
  )

  test('a manifest with a wrong field fits no schema', () => {
    const broken = structuredClone(api) as unknown as { spec: { replicas: string } }
    broken.spec.replicas = 'two'
    expect(() => validate(broken as never)).toThrow('replicas')
  })

  test('a field in a place where no cluster knows it fits no schema', () => {
    const misplaced = structuredClone(api) as unknown as {
      metadata: Record<string, string>
      spec: { template: { spec: { containers: Record<string, unknown>[] } } }
    }
    misplaced.metadata.HOST = '0.0.0.0'
    expect(() => validate(misplaced as never)).toThrow('/metadata/HOST is not a known field')
    delete misplaced.metadata.HOST
    const [container] = misplaced.spec.template.spec.containers
    Object.assign(container ?? {}, { readynessProbe: {} })
    expect(() => validate(misplaced as never)).toThrow('/readynessProbe is not a known field')
  })

  test('a manifest with a duplicate key is invalid', () => {
    expect(() => parse('metadata:\n  name: a\nmetadata:\n  name: b\n')).toThrow(/unique/)
    expect(() => parse('metadata:\n  name: a\n  name: b\n')).toThrow(/unique/)
  })

  test.each(workloads.map((entry) => [entry.metadata.name, entry] as const))(
    '%s selects its own pods, which run with no more rights than they need',
    (_, { spec }) => {
      expect(spec.template.metadata.labels).toMatchObject(spec.selector.matchLabels)
      expect(spec.template.spec.securityContext).toMatchObject({
        runAsNonRoot: true,
        seccompProfile: { type: 'RuntimeDefault' },
      })
      expect(spec.template.spec.containers[0].securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      })
    },
  )

  test('services and disruption budgets select pods that there are', () => {
    for (const kind of ['Service', 'PodDisruptionBudget']) {
      for (const entry of manifests.filter((manifest) => manifest.kind === kind)) {
        const { selector } = (entry as unknown as { spec: { selector: Record<string, unknown> } })
          .spec
        const wanted = selector.matchLabels ?? selector
        expect(
          workloads.some(({ spec }) => contains(spec.template.metadata.labels, wanted as object)),
          `${kind} ${entry.metadata.name}`,
        ).toBe(true)
      }
    }
  })

  test('pods have longer to end than the service takes for it', () => {
    for (const { spec } of [api, worker]) {
      // 15 s for connections, as in src/main/run-process.ts, and the API's 5 s of preStop.
      expect(spec.template.spec.terminationGracePeriodSeconds * 1_000).toBeGreaterThan(
        Number(configuration.SHUTDOWN_GRACE_MS) + 20_000 - 1,
      )
    }
  })

  test('the API is probed where it answers, and workers run what there is', () => {
    const [container] = api.spec.template.spec.containers
    expect(container.livenessProbe?.httpGet).toEqual({ path: '/livez', port: 'http' })
    expect(container.readinessProbe?.httpGet).toEqual({ path: '/readyz', port: 'http' })
    const port = container.env?.find(({ name }) => name === 'PORT')?.value
    expect(container.ports).toEqual([{ name: 'http', containerPort: Number(port) }])
    const { ports } = worker.spec.template.spec.containers[0]
    const metricsPort = Number(configuration.TUTTI_METRICS_PORT)
    expect(ports).toEqual([{ name: 'metrics', containerPort: metricsPort }])
    for (const { spec } of [api, worker]) {
      expect(existsSync(join(ROOT, spec.template.spec.containers[0].args.at(-1) ?? ''))).toBe(true)
    }
  })

  test('the service takes the variables that are set', () => {
    const set = [
      ...Object.keys(configuration),
      ...(api.spec.template.spec.containers[0].env ?? []).map(({ name }) => name),
    ]
    expect(set.filter((name) => !(name in Environment.shape))).toEqual([])
    const keys = `me:${'0'.repeat(64)}`
    expect(() => loadConfig({ ...configuration, TUTTI_API_KEYS: keys })).not.toThrow()
  })

  test('workers scale by as many tasks as one of them runs at once', () => {
    const { spec } = find<
      Manifest & {
        spec: { scaleTargetRef: { name: string }; triggers: [{ metadata: { threshold: string } }] }
      }
    >('ScaledObject', 'tutti-worker')
    expect(spec.scaleTargetRef.name).toBe(worker.metadata.name)
    expect(worker.spec.replicas).toBeUndefined()
    expect(spec.triggers[0].metadata.threshold).toBe(configuration.TUTTI_CONCURRENCY)
  })
})

function contains(labels: Record<string, string>, wanted: object): boolean {
  return Object.entries(wanted).every(([name, value]) => labels[name] === value)
}
