import { Injectable as Service, Inject as Autowired } from '@nestjs/common';
import { BufferedEventBusService } from 'nestjs-message-queue/buffered-events';

@Service()
export class UserService {
  constructor(
    @Autowired() private readonly bufferedEventBus: BufferedEventBusService
  ) {}
  
  async registerUser(userData: any) {
    // Create user in database
    const user = await this.createUser(userData);
    
    // Emit event for asynchronous processing
    await this.bufferedEventBus.emitEvent(
      'user.registered',
      { userId: user.id, email: user.email },
      { priority: 'normal' }
    );
    
    return user;
  }
}
