import { answerWork } from '../../threads/answer-work.ts'
import { SCHEMA_WORK } from './schema-work.ts'

answerWork(SCHEMA_WORK)
