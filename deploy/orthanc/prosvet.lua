-- A study that has stood still for StableAge seconds goes to Prosvet; what Prosvet sent is not sent back to it.
-- While Prosvet is away a study is tried again every few seconds, and again after a restart of Orthanc. One that Prosvet
-- refuses is given up after some tries: it stands among the failed jobs, for a person.

local TARGET = 'prosvet'
local PAUSE = 5  -- seconds between two tries while Prosvet is away
local TRIES = 5  -- of a study that Prosvet answers to, and refuses
local tries = {} -- job -> how many

local function answers()
   return RestApiPost('/modalities/' .. TARGET .. '/echo', '{}', false) ~= nil
end

local function again(job)
   RestApiPost('/jobs/' .. job .. '/resubmit', '{}', false)
end

local function fromProsvet(instance)
   local target = ParseJson(RestApiGet('/modalities/' .. TARGET .. '/configuration', false))
   return RestApiGet('/instances/' .. instance .. '/metadata/RemoteAET', false) == target['AET']
end

function OnStableStudy(study, tags, metadata, origin)
   local fresh = {}
   for _, instance in ipairs(ParseJson(RestApiGet('/studies/' .. study .. '/instances', false))) do
      if not fromProsvet(instance['ID']) then
         table.insert(fresh, instance['ID'])
      end
   end
   if #fresh > 0 then
      -- One association for the whole study, in the background.
      RestApiPost('/modalities/' .. TARGET .. '/store',
                  DumpJson({ Resources = fresh, Synchronous = false, Permissive = false }, true), false)
   end
end

function OnJobFailure(job)
   if ParseJson(RestApiGet('/jobs/' .. job, false))['Type'] ~= 'DicomModalityStore' then
      return
   end
   if answers() then
      tries[job] = (tries[job] or 0) + 1
      if tries[job] > TRIES then
         print('A study was not taken by ' .. TARGET .. ' and is given up: job ' .. job)
         return
      end
   else
      os.execute('sleep ' .. PAUSE) -- events wait for this one; storing and the REST interface do not
   end
   again(job)
end

function OnJobSuccess(job)
   tries[job] = nil
end

function Initialize()
   for _, job in ipairs(ParseJson(RestApiGet('/jobs?expand', false))) do
      if job['State'] == 'Failure' and job['Type'] == 'DicomModalityStore' then
         again(job['ID'])
      end
   end
end
