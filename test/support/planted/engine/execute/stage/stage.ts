import type { Sequelize } from 'sequelize';

export type Stage = Sequelize;
