import './zod-settings.ts';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { LivePage } from './live-page.tsx';
import './look.css';
import './marks.css';
import './page.css';
import './engine.css';
import './score.css';
import './feed.css';
import './ad-sets.css';

const root = document.getElementById('page');
if (root === null) throw new Error('index.html lost its #page element');
createRoot(root).render(
  <StrictMode>
    <LivePage />
  </StrictMode>,
);
