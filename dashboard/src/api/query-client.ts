import { QueryClient } from '@tanstack/react-query'
import { ApiError } from './client.ts'

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 1_000,
      refetchOnWindowFocus: true,
      // What the service refused, it refuses again; what did not get through may get through.
      retry: (failures, error) =>
        failures < 2 && !(error instanceof ApiError && error.status >= 400 && error.status < 500),
      retryDelay: (failures) => Math.min(500 * 2 ** failures, 5_000),
    },
    // What someone asked for fails at once while the service is away: it must not happen later, unseen.
    mutations: { networkMode: 'always' },
  },
})
