import { answerWork } from '../../threads/answer-work.ts'
import { EXPORTING_WORK } from './exporting-work.ts'

answerWork(EXPORTING_WORK)
