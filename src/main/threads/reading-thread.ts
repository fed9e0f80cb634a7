import { answerWork } from '../../threads/answer-work.ts'
import { READING_WORK } from './reading-work.ts'

answerWork(READING_WORK)
