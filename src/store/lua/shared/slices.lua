-- The most steps in one script, so that Redis can answer others in between. The plan records the
-- rest: `:requeue`, tasks to queue again; `:follow`, ended tasks whose dependents still have to be handled,
-- and `followAt`, how many of the first one's have been; `:cancelling`, tasks to cancel; `stopAt`, the
-- next task of a stopped plan to look at; `:ready`, as far as the limit allows. The header is then
-- `unsettled`. Whoever left it calls `settle-tasks` until it is not, or the sweeper does; until then
-- none of these tasks begins, and nothing is retried.
local MOST_STEPS = 150
local steps = 0
