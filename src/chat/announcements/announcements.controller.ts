import {
  Body,
  ConflictException,
  Controller,
  Delete,
  ForbiddenException,
  Get,
  HttpCode,
  NotFoundException,
  Param,
  Post,
  Query,
} from '@nestjs/common';
import type { StoredMessage } from '../../message-queue/ports/index.js';
import { AnnouncementsQuery } from './announcements.query.js';
import { AnnouncementsService } from './announcements.service.js';
import type { AcceptedAnnouncement, AnnouncementProgress } from './announcements.service.js';
import { IdPipe } from '../input/id.pipe.js';
import { SendAnnouncementDto } from './send-announcement.dto.js';
import type { Principal } from '../sign-in/principal.js';
import { SignedIn } from '../sign-in/signed-in.guard.js';
import { STRICT } from '../input/strict.pipe.js';

/** Announcements to everyone over REST: by people with the right `announce`, for everybody. */
@Controller('api/announcements')
export class AnnouncementsController {
  constructor(private readonly announcements: AnnouncementsService) {}

  /** Accepts an announcement: 202 with the id to ask for its progress. */
  @Post()
  @HttpCode(202)
  send(
    @SignedIn() sender: Principal,
    @Body(STRICT) { content }: SendAnnouncementDto,
  ): Promise<AcceptedAnnouncement> {
    checkAnnouncer(sender);
    return this.announcements.send(sender.id, content);
  }

  /** The caller's copies of the latest announcements, newest first. */
  @Get()
  async listFor(
    @SignedIn() recipient: Principal,
    @Query(STRICT) _query: AnnouncementsQuery,
  ): Promise<{ items: readonly StoredMessage[] }> {
    return { items: await this.announcements.listFor(recipient.id) };
  }

  /** How far an announcement is. */
  @Get(':batchId')
  async progress(@Param('batchId', IdPipe) batchId: string): Promise<AnnouncementProgress> {
    const progress = await this.announcements.progressOf(batchId);
    if (progress === null) throw new NotFoundException('There is no such announcement.');
    return progress;
  }

  /** Stops an announcement between two chunks: whoever has it keeps it. 409 when it has ended. */
  @Delete(':batchId')
  @HttpCode(202)
  async cancel(
    @SignedIn() principal: Principal,
    @Param('batchId', IdPipe) batchId: string,
  ): Promise<{ batchId: string }> {
    checkAnnouncer(principal);
    const outcome = await this.announcements.cancel(batchId);
    if (outcome === 'not-found') throw new NotFoundException('There is no such announcement.');
    if (outcome === 'finished') throw new ConflictException('The announcement has already ended.');
    return { batchId };
  }
}

/** @throws ForbiddenException */
function checkAnnouncer({ rights }: Principal): void {
  if (rights.includes('announce')) return;
  throw new ForbiddenException('Announcements are for people with the right "announce".');
}
