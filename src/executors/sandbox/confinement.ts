import { z } from 'zod'

const GIB = 1024 ** 3

const isHost = (text: string) => /^(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*(:[1-9]\d{0,4})?$/.test(text)

/** What a program in the sandbox may use, as the operator configures it. */
export const confinement = {
  network: z
    .union([
      z.boolean(),
      z
        .array(
          z
            .string()
            .toLowerCase()
            .refine(isHost, 'must be a host, as in api.example.com, *.example.com or host:8443'),
        )
        .min(1),
    ])
    .default(false)
    .describe(
      'Hosts that it may reach, with TLS through a proxy that its environment names, each at port 443 unless it names another; or `true` for the whole network of this machine.',
    ),
  timeoutMs: z.int().min(1).max(86_400_000).optional(),
  maxCpuMs: z
    .int()
    .min(1)
    .optional()
    .describe('CPU time of all its processes, in milliseconds; unlimited by default.'),
  maxMemoryBytes: z
    .int()
    .min(1)
    .default(4 * GIB)
    .describe('Memory of all of its processes.'),
  maxProcesses: z
    .int()
    .min(1)
    .default(2_000)
    .describe('Its processes and threads at the same time.'),
  maxWorkspaceBytes: z
    .int()
    .min(1)
    .default(8 * GIB)
    .describe('Disk space of its workspace, including the files that it starts with.'),
  env: z
    .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), z.string())
    .default({})
    .describe(
      `Its environment, besides PATH, HOME, USER, LOGNAME and LANG. \${NAME} stands for that variable of the operator's environment.`,
    ),
  readable: z
    .array(z.string().startsWith('/'))
    .default([])
    .describe('Absolute paths that it may read, besides programs and libraries of the system.'),
}

const Confinement = z.strictObject(confinement)
export type Confinement = z.output<typeof Confinement> & {
  /** Values that are parts of its `env`, and are shown to nobody. */
  secrets?: readonly string[]
}

/** The confinement of programs without settings of their own. */
export const PLAIN_CONFINEMENT: Confinement = Object.freeze(Confinement.parse({}))
